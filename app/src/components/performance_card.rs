//! How a model did in a window, by the labels that have come.

use leptos::prelude::*;
use tidemark::performance::{Figure, Summary};
use tidemark::render::format;

/// A table of figures with their intervals, and how many labels they rest on.
#[component]
pub fn PerformanceCard(
    /// The figures.
    performance: Summary,
) -> impl IntoView {
    let labels = format!(
        "{} of {} have a label ({}).",
        format::count(performance.n_labelled),
        format::plural(performance.n_rows, "row"),
        format::share(performance.share_labelled()),
    );
    let line = |(name, figure): (String, Figure)| {
        let interval = figure.interval().map_or_else(
            || "–".to_owned(),
            |interval| format!("{} to {}", format::number(interval.lower), format::number(interval.upper)),
        );
        let (value, note) = match &figure {
            Figure::Measured(found) => (format::number(found.value), String::new()),
            Figure::TooFew(found) => {
                (format::number(found.value), format!("rests on {} only", format::plural(found.n, "row")))
            }
            Figure::Undefined { reason } => ("–".to_owned(), reason.to_string()),
        };
        view! {
            <tr>
                <th scope="row">{words(&name)}</th>
                <td class="plain-table__number">{value}</td>
                <td class="plain-table__number">{interval}</td>
                <td>{note}</td>
            </tr>
        }
    };
    let figures = performance.figures.into_iter().map(|named| line((named.name, named.figure)));
    view! {
        <section class="report__section" aria-labelledby="performance">
            <div class="report__head">
                <h2 id="performance">"Performance"</h2>
                <p class="report__hint">{labels}</p>
            </div>
            <div class="plain-table">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Figure"</th>
                            <th scope="col" class="plain-table__number">"Value"</th>
                            <th scope="col" class="plain-table__number">"95% interval"</th>
                            <th scope="col"></th>
                        </tr>
                    </thead>
                    <tbody>{figures.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// A figure's name as people write it.
fn words(name: &str) -> String {
    match name {
        "roc_auc" => "ROC AUC".to_owned(),
        "f1" => "F1".to_owned(),
        "f1_macro" => "F1, macro".to_owned(),
        "mae" | "rmse" | "mape" | "msle" | "rmsle" => name.to_uppercase(),
        "r2" => "R²".to_owned(),
        _ => {
            let plain = name.replace('_', " ");
            let mut letters = plain.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}
