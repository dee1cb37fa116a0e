//! The model on one card: what it is, and how good it was when it was made.

use leptos::prelude::*;
use tidemark::render::format;

use crate::monitor;

/// The card.
#[component]
pub fn ModelCard(
    /// The model.
    model: monitor::ModelCard,
) -> impl IntoView {
    let reference =
        if model.n_reference == 0 { "none, so no reports".to_owned() } else { format::count(model.n_reference) };
    let is_measured = !model.metrics.is_empty();
    let metrics = model
        .metrics
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div class="model-card__metric">
                    <dt>{label(&name)}</dt>
                    <dd>{format::number(value)}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="model-card" aria-labelledby="model">
            <h2 class="model-card__title" id="model">"Model"</h2>
            <dl class="facts">
                <div class="facts__fact"><dt>"Kind"</dt><dd>{model.kind}</dd></div>
                <div class="facts__fact"><dt>"Version"</dt><dd><code>{model.version}</code></dd></div>
                <div class="facts__fact"><dt>"Predicts"</dt><dd>{model.target}</dd></div>
                <div class="facts__fact"><dt>"Features"</dt><dd>{format::count(model.n_features)}</dd></div>
                <div class="facts__fact"><dt>"Reference rows"</dt><dd>{reference}</dd></div>
            </dl>
            {is_measured.then(|| view! {
                <h3 class="model-card__subtitle">"On held-out rows"</h3>
                <dl class="model-card__metrics">{metrics}</dl>
            })}
        </section>
    }
    .into_any()
}

/// A figure's name as people write it; one that is not known stays as it is.
fn label(name: &str) -> String {
    match name {
        "n_test" => "Rows",
        "n_positive" => "Positives",
        "accuracy" => "Accuracy",
        "precision" => "Precision",
        "recall" => "Recall",
        "f1" => "F1",
        "roc_auc" => "ROC AUC",
        "average_precision" => "Average precision",
        "brier" => "Brier score",
        "log_loss" => "Log loss",
        "f1_macro" => "F1, mean of classes",
        "mae" => "Mean absolute error",
        "rmse" => "Root mean squared error",
        "r2" => "R²",
        other => other,
    }
    .to_owned()
}
