//! How a model did in a window: by the labels that have come, and by what its scores let expect.

use leptos::prelude::*;
use tidemark::performance::estimated::Estimated;
use tidemark::performance::{Figure, Summary};
use tidemark::render::format;

/// Estimates that are shown where no label has come: shares of all rows are left out.
const EXPECTED: [&str; 16] = [
    "roc_auc",
    "average_precision",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_macro",
    "precision",
    "precision_macro",
    "recall",
    "specificity_macro",
    "average_precision_macro",
    "mae",
    "rmse",
    "mape",
    "msle",
    "rmsle",
];

/// A table of figures with their intervals, what was expected of them, and how many labels they rest on.
#[component]
pub fn PerformanceCard(
    /// The figures; `None` while no label has come.
    performance: Option<Summary>,
    /// What the scores let expect.
    estimated: Vec<Estimated<String>>,
    /// The model.
    model: String,
) -> impl IntoView {
    let labels = performance.as_ref().map_or_else(
        || "No label has come yet; this is what its answers let expect.".to_owned(),
        |performance| {
            format!(
                "{} of {} have a label ({}).",
                format::count(performance.n_labelled),
                format::plural(performance.n_rows, "row"),
                format::share(performance.share_labelled()),
            )
        },
    );
    let has_estimates = !estimated.is_empty();
    let names: Vec<&str> =
        EXPECTED.into_iter().filter(|name| estimated.iter().any(|found| found.metric == *name)).collect();
    let expected = move |name: &str| {
        let found = estimated.iter().find(|found| found.metric == name)?;
        let band = found.lower.zip(found.upper).map(|(lower, upper)| range(lower, upper));
        Some((format::number(found.value?), band.unwrap_or_default()))
    };
    let line = |(name, figure): (String, Option<Figure>)| {
        let interval = figure.and_then(|figure| figure.interval());
        let interval = interval.map_or_else(|| "–".to_owned(), |interval| range(interval.lower, interval.upper));
        let (value, note) = match &figure {
            Some(Figure::Measured(found)) => (format::number(found.value), String::new()),
            Some(Figure::TooFew(found)) => {
                (format::number(found.value), format!("rests on {} only", format::plural(found.n, "row")))
            }
            Some(Figure::Undefined { reason }) => ("–".to_owned(), reason.to_string()),
            None => ("–".to_owned(), String::new()),
        };
        let (estimate, band) = expected(&name).unwrap_or_else(|| ("–".to_owned(), String::new()));
        view! {
            <tr>
                <th scope="row">{words(&name)}</th>
                <td class="plain-table__number">{value}</td>
                <td class="plain-table__number">{interval}</td>
                {has_estimates
                    .then(|| view! { <td class="plain-table__number">{estimate}<span class="plain-table__sub">{band}</span></td> })}
                <td class="plain-table__wide">{note}</td>
            </tr>
        }
    };
    let figures: Vec<(String, Option<Figure>)> = match performance {
        Some(performance) => performance.figures.into_iter().map(|named| (named.name, Some(named.figure))).collect(),
        None => names.into_iter().map(|name| (name.to_owned(), None)).collect(),
    };
    let figures = figures.into_iter().map(line);
    let href = format!("/performance?model={model}");
    view! {
        <section class="report__section" aria-labelledby="performance">
            <div class="report__head">
                <h2 id="performance">"Performance"</h2>
                <p class="report__hint">{labels} " " <a href=href>"All windows of this model"</a></p>
            </div>
            <div class="plain-table">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Figure"</th>
                            <th scope="col" class="plain-table__number">"Value"</th>
                            <th scope="col" class="plain-table__number">"95% interval"</th>
                            {has_estimates
                                .then(|| view! { <th scope="col" class="plain-table__number">"Estimated before labels"</th> })}
                            <th scope="col" class="plain-table__wide"></th>
                        </tr>
                    </thead>
                    <tbody>{figures.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn range(lower: f64, upper: f64) -> String {
    format!("{} to {}", format::number(lower), format::number(upper))
}

/// A figure's name as people write it.
pub(crate) fn words(name: &str) -> String {
    match name {
        "roc_auc" => "ROC AUC".to_owned(),
        "f1" => "F1".to_owned(),
        "f1_macro" | "precision_macro" | "specificity_macro" | "average_precision_macro" => {
            let (of, _) = name.split_once("_macro").expect("it ends so");
            format!("{}, macro", words(of))
        }
        "mae" | "rmse" | "mape" | "msle" | "rmsle" => name.to_uppercase(),
        "r2" => "R²".to_owned(),
        _ => {
            let plain = name.replace('_', " ");
            let mut letters = plain.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}
