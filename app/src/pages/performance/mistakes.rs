//! Where the model errs in the latest labelled window: classes taken for others, slices of features, and what large errors have in common.

use leptos::prelude::*;
use tidemark::performance::Figure;
use tidemark::performance::error_bias::{FeatureBias, Typical};
use tidemark::performance::ranking::Lift;
use tidemark::performance::slices::{Part, Slice};
use tidemark::render::format;

use crate::components::plain_table::{Head, PlainTable};
use crate::performance::{Mistakes, Performance};

/// Nothing where no window has labels.
#[component]
pub fn WhereItErrs(found: StoredValue<Performance>) -> impl IntoView {
    let found = found.with_value(|found| found.mistakes.clone());
    found.map(|Mistakes { worse, n_slices, error_bias, confusion, lift, window }| {
        let are_numbers = !error_bias.is_empty();
        let hint = format!("In the latest labelled window, {}.", format::plural(window.rows(), "row"));
        view! {
            <section class="stack" aria-labelledby="errs">
                <div class="report__head">
                    <h2 id="errs" class="section-title">"Where it errs"</h2>
                    <p class="report__hint">{hint}</p>
                </div>
                {lifted(&lift).map(|sentence| view! { <p class="page__lead">{sentence}</p> })}
                {confusion.map(|(classes, matrix)| view! { <ClassMatrix classes matrix/> })}
                <p class="page__lead">{in_words(worse.len() as u64, n_slices)}</p>
                {(!worse.is_empty()).then(|| view! { <Slices worse are_numbers/> })}
                {are_numbers.then(|| view! { <Bias error_bias/> })}
            </section>
        }
    })
}

fn in_words(n_worse: u64, n_slices: u64) -> String {
    let looked = format!("{} of the features looked at", format::plural(n_slices, "slice"));
    match n_worse {
        0 => format!("It errs nowhere more than elsewhere: {looked}, at 5% over all of them together."),
        1 => format!("In one slice it errs more than elsewhere ({looked}, at 5% over all of them together)."),
        n => format!("In {n} slices it errs more than elsewhere ({looked}, at 5% over all of them together)."),
    }
}

/// What the highest scores are worth; nothing where there is no positive row.
fn lifted(lift: &[Lift]) -> Option<String> {
    let part = |found: &Lift| {
        let times = found.lift.value()?;
        Some(format!("{} times as often among the {} highest", format::number(times), format::share(found.share)))
    };
    let parts: Vec<String> = lift.iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| format!("By their scores, positive rows are found {}.", parts.join(", ")))
}

#[component]
fn ClassMatrix(classes: Vec<String>, matrix: Vec<Vec<u64>>) -> impl IntoView {
    let line = |(truth, (name, row)): (usize, (String, Vec<u64>))| {
        let whole = row.iter().sum::<u64>().max(1) as f64;
        let cell = move |(said, n): (usize, u64)| {
            view! {
                <td class="plain-table__number" class:is-right=said == truth>
                    {format::count(n)}
                    <span class="plain-table__sub">{format::share(n as f64 / whole)}</span>
                </td>
            }
        };
        view! {
            <tr>
                <th scope="row">{format!("truly {name}")}</th>
                {row.into_iter().enumerate().map(cell).collect_view()}
            </tr>
        }
    };
    let heads = classes
        .iter()
        .map(|name| view! { <th scope="col" class="plain-table__number">{format!("called {name}")}</th> });
    let heads = heads.collect_view();
    view! {
        <div class="plain-table scroll-x" tabindex="0" role="region" aria-label="What was said, and what was true">
            <table>
                <thead>
                    <tr>
                        <td></td>
                        {heads}
                    </tr>
                </thead>
                <tbody>{classes.into_iter().zip(matrix).enumerate().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Slices(worse: Vec<Slice>, are_numbers: bool) -> impl IntoView {
    let value = move |figure: &Figure| {
        let number = if are_numbers { format::number } else { format::share };
        figure.value().map_or_else(|| "–".to_owned(), number)
    };
    let line = move |slice: Slice| {
        view! {
            <tr>
                <th scope="row">{format!("{}: {}", slice.feature, part(&slice.part))}</th>
                <td class="plain-table__number is-worse">{value(&slice.loss)}</td>
                <td class="plain-table__number">{value(&slice.elsewhere)}</td>
                <td class="plain-table__number">{format::count(slice.n_rows)}</td>
            </tr>
        }
    };
    let head = if are_numbers { "Mean error" } else { "Called wrong" };
    view! {
        <PlainTable
            heads=[Head::new("Rows with"), Head::number(head), Head::number("Elsewhere"), Head::number("Rows")]
        >
            {worse.into_iter().map(line).collect_view()}
        </PlainTable>
    }
    .into_any()
}

#[component]
fn Bias(error_bias: Vec<FeatureBias>) -> impl IntoView {
    let line = |feature: FeatureBias| {
        view! {
            <tr>
                <th scope="row">{feature.name}</th>
                <td class="plain-table__number">{typical(&feature.under)}</td>
                <td class="plain-table__number">{typical(&feature.all)}</td>
                <td class="plain-table__number">{typical(&feature.over)}</td>
                <td class="plain-table__number plain-table__wide">{feature.range.map_or_else(|| "–".to_owned(), format::number)}</td>
            </tr>
        }
    };
    view! {
        <p class="page__lead">
            "What the features are like among the twentieth of rows that is predicted most too low, among all, and among the twentieth most too high. The difference is in hundredths of the feature's range."
        </p>
        <PlainTable
            heads=[
                Head::new("Feature"),
                Head::number("Too low"),
                Head::number("All"),
                Head::number("Too high"),
                Head::number("Difference").wide(),
            ]
        >
            {error_bias.into_iter().map(line).collect_view()}
        </PlainTable>
    }
    .into_any()
}

fn typical(found: &Typical) -> String {
    match found {
        Typical::Mean { mean } => mean.value().map_or_else(|| "–".to_owned(), format::number),
        Typical::MostCommon { category, .. } => category.clone().unwrap_or_else(|| "–".to_owned()),
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Numbers { from, to } if from == to => format::number(*from),
        Part::Numbers { from, to } => format!("{} to {}", format::number(*from), format::number(*to)),
        Part::Category { name } => name.clone(),
        Part::Rarer { n_categories } => format!("one of {n_categories} rarer"),
        Part::Missing => "missing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::performance::Undefined;

    #[test]
    fn what_was_found_is_told_in_words() {
        assert!(in_words(0, 12).starts_with("It errs nowhere more than elsewhere: 12 slices"));
        assert!(in_words(1, 12).starts_with("In one slice it errs more"));
        assert_eq!(part(&Part::Numbers { from: 1.0, to: 2.5 }), "1 to 2.5");
        let of = |lift| Lift { share: 0.01, n_taken: 10, n_positive: 5, lift };
        let none = Figure::Undefined { reason: Undefined::NoRows };
        let said = lifted(&[of(Figure::share(50, 100, Undefined::NoRows)), of(none)]).unwrap();
        assert_eq!(said, "By their scores, positive rows are found 0.5 times as often among the 1.0% highest.");
        assert_eq!(lifted(&[of(none)]), None);
    }
}
