//! Both sides of a column in numbers, line by line.

use leptos::prelude::*;
use tidemark::render::format;
use tidemark::report::SideSummary;

/// One number of a side, where it has it.
type Measure = fn(&SideSummary) -> Option<f64>;

/// A line of the table: name, reference, current. Lines without a number on either side are left out.
fn lines(reference: &SideSummary, current: &SideSummary) -> Vec<[String; 3]> {
    let mut lines = Vec::new();
    let mut counted = |name: &str, of: fn(&SideSummary) -> u64| {
        lines.push([name.to_owned(), format::count(of(reference)), format::count(of(current))]);
    };
    counted("Rows", |side| side.rows);
    counted("Missing", |side| side.missing);
    if reference.infinite + current.infinite > 0 {
        counted("Infinite", |side| side.infinite);
    }
    counted("Distinct", |side| side.distinct);
    let measures: [(&str, Measure); 7] = [
        ("Mean", |side| side.mean),
        ("Standard deviation", |side| side.std),
        ("Minimum", |side| side.min),
        ("First quartile", |side| side.q25),
        ("Median", |side| side.median),
        ("Third quartile", |side| side.q75),
        ("Maximum", |side| side.max),
    ];
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format::number);
    for (name, of) in measures {
        if of(reference).is_some() || of(current).is_some() {
            lines.push([name.to_owned(), shown(of(reference)), shown(of(current))]);
        }
    }
    lines
}

/// The table.
#[component]
pub fn SummaryTable(
    /// The reference side.
    reference: SideSummary,
    /// The current side.
    current: SideSummary,
) -> impl IntoView {
    let rows = lines(&reference, &current)
        .into_iter()
        .map(|[name, reference, current]| {
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td>{reference}</td>
                    <td>{current}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="summary-table">
            <caption>"In numbers"</caption>
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">"Reference"</th>
                    <th scope="col">"Current"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_without_a_mean_gets_a_dash_and_a_measure_without_either_no_line() {
        let reference = SideSummary { rows: 1_000, mean: Some(2.5), ..SideSummary::default() };
        let lines = lines(&reference, &SideSummary::default());
        assert!(lines.contains(&["Rows".to_owned(), "1,000".to_owned(), "0".to_owned()]));
        assert!(lines.contains(&["Mean".to_owned(), "2.5".to_owned(), "–".to_owned()]));
        assert!(!lines.iter().any(|line| line[0] == "Median" || line[0] == "Infinite"));
    }
}
