//! How a model did in a window: by the labels that have come, and by what its scores let expect.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
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

/// How a model did, as text: what the browser shows needs none of the types that figures are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// How many labels have come.
    pub labels: String,
    /// Whether there are estimates.
    pub has_estimates: bool,
    /// One line per figure.
    pub lines: Vec<FigureLine>,
}

/// A figure in words and rounded numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureLine {
    /// Its name as people write it.
    pub name: String,
    /// Its value by the labels.
    pub value: String,
    /// The value's 95% interval.
    pub interval: String,
    /// What was expected before labels came, and its band.
    pub estimate: (String, String),
    /// Why there is no value, or little to it.
    pub note: String,
}

impl Figures {
    /// By labels, of which none may have come, and by what the scores let expect; nothing where there is neither.
    pub fn of(performance: Option<Summary>, estimated: &[Estimated<String>]) -> Option<Self> {
        let labels = match &performance {
            None if estimated.is_empty() => return None,
            None => "No label has come yet; this is what its answers let expect.".to_owned(),
            Some(performance) => format!(
                "{} of {} have a label ({}).",
                format::count(performance.n_labelled),
                format::plural(performance.n_rows, "row"),
                format::share(performance.share_labelled()),
            ),
        };
        let figures: Vec<(String, Option<Figure>)> = match performance {
            Some(performance) => {
                performance.figures.into_iter().map(|named| (named.name, Some(named.figure))).collect()
            }
            None => {
                let is_estimated = |name: &&str| estimated.iter().any(|found| found.metric == *name);
                EXPECTED.into_iter().filter(is_estimated).map(|name| (name.to_owned(), None)).collect()
            }
        };
        let lines = figures.into_iter().map(|(name, figure)| FigureLine::of(&name, figure, estimated)).collect();
        Some(Self { labels, has_estimates: !estimated.is_empty(), lines })
    }
}

impl FigureLine {
    fn of(name: &str, figure: Option<Figure>, estimated: &[Estimated<String>]) -> Self {
        let nothing = || "–".to_owned();
        let interval = figure.and_then(|figure| figure.interval());
        let (value, note) = match &figure {
            Some(Figure::Measured(found)) => (format::number(found.value), String::new()),
            Some(Figure::TooFew(found)) => {
                (format::number(found.value), format!("rests on {} only", format::plural(found.n, "row")))
            }
            Some(Figure::Undefined { reason }) => (nothing(), reason.to_string()),
            None => (nothing(), String::new()),
        };
        let found = estimated.iter().find(|found| found.metric == name);
        let estimate = found.and_then(|found| {
            let band = found.lower.zip(found.upper).map(|(lower, upper)| range(lower, upper));
            Some((format::number(found.value?), band.unwrap_or_default()))
        });
        Self {
            name: words(name),
            value,
            interval: interval.map_or_else(nothing, |interval| range(interval.lower, interval.upper)),
            estimate: estimate.unwrap_or_else(|| (nothing(), String::new())),
            note,
        }
    }
}

/// A table of figures with their intervals, what was expected of them, and how many labels they rest on.
#[component]
pub fn PerformanceCard(
    /// What it shows.
    figures: Figures,
    /// The model.
    model: String,
) -> impl IntoView {
    let Figures { labels, has_estimates, lines } = figures;
    let line = |line: FigureLine| {
        let FigureLine { name, value, interval, estimate: (estimate, band), note } = line;
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="plain-table__number">{value}</td>
                <td class="plain-table__number">{interval}</td>
                {has_estimates
                    .then(|| view! { <td class="plain-table__number">{estimate}<span class="plain-table__sub">{band}</span></td> })}
                <td class="plain-table__wide">{note}</td>
            </tr>
        }
    };
    let href = format!("/performance?model={model}");
    view! {
        <section class="report__section" aria-labelledby="performance">
            <div class="report__head">
                <h2 id="performance">"Performance"</h2>
                <p class="report__hint">{labels} " " <a href=href>"All windows of this model"</a></p>
            </div>
            <div class="plain-table" tabindex="0">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Figure"</th>
                            <th scope="col" class="plain-table__number">"Value"</th>
                            <th scope="col" class="plain-table__number">"95% interval"</th>
                            {has_estimates
                                .then(|| view! { <th scope="col" class="plain-table__number">"Estimated before labels"</th> })}
                            <th scope="col" class="plain-table__wide">"Note"</th>
                        </tr>
                    </thead>
                    <tbody>{lines.into_iter().map(line).collect_view()}</tbody>
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
