//! How the models do, in numbers: the figures that were worked out last. A scrape joins no labels.

use tidemark::performance::Figure;
use tidemark::performance::estimated::Estimated;
use tidemark_app::error::AppError;
use tidemark_app::performance::PerformanceWindow;

use super::MAX_MODELS;
use super::exposition::{Exposition, Kind};
use crate::service::Service;

/// The value of something with an interval, or an end of it: the metric's name, its help, and how it is taken.
type End<T> = (&'static str, &'static str, fn(&T) -> Option<f64>);

/// A model's name, its latest whole window, its latest window with labels, and its alarms by series and detector.
struct Latest<'a> {
    model: &'a str,
    whole: Option<PerformanceWindow>,
    labelled: Option<PerformanceWindow>,
    alarms: Vec<(String, String, u64)>,
}

/// Writes how the models do.
///
/// # Errors
/// The store cannot be read.
pub fn performance(to: &mut Exposition, service: &Service, models: &[String]) -> Result<(), AppError> {
    let mut latest = Vec::new();
    for model in models.iter().take(MAX_MODELS) {
        let [whole, labelled] = service.latest_figures(model);
        latest.push(Latest { model, whole, labelled, alarms: service.n_alarms(model)? });
    }
    to.family("tidemark_labels_ratio", Kind::Gauge, "Share of the latest whole window's rows whose label has come.");
    for Latest { model, whole, .. } in &latest {
        if let Some(window) = whole {
            to.sample(&[("model", model)], window.share_labelled());
        }
    }
    let ends: [End<Figure>; 3] = [
        ("tidemark_performance", "A figure of the latest window that has labels.", Figure::value),
        ("tidemark_performance_lower", "Lower end of its 95% interval.", |figure| Some(figure.interval()?.lower)),
        ("tidemark_performance_upper", "Upper end of its 95% interval.", |figure| Some(figure.interval()?.upper)),
    ];
    for (name, help, value) in ends {
        to.family(name, Kind::Gauge, help);
        for Latest { model, labelled, .. } in &latest {
            let summary = labelled.as_ref().and_then(|window| window.realised.as_ref());
            for named in summary.into_iter().flat_map(|summary| &summary.figures) {
                if let Some(value) = value(&named.figure) {
                    to.sample(&[("model", model), ("metric", &named.name)], value);
                }
            }
        }
    }
    let ends: [End<Estimated<String>>; 3] = [
        (
            "tidemark_estimated_performance",
            "What the scores or features of the latest whole window let expect, before labels come.",
            |found| found.value,
        ),
        ("tidemark_estimated_performance_lower", "Lower end of its band.", |found| found.lower),
        ("tidemark_estimated_performance_upper", "Upper end of its band.", |found| found.upper),
    ];
    for (name, help, value) in ends {
        to.family(name, Kind::Gauge, help);
        for Latest { model, whole, .. } in &latest {
            for found in whole.iter().flat_map(|window| &window.estimated) {
                if let Some(value) = value(found) {
                    to.sample(&[("model", model), ("metric", &found.metric)], value);
                }
            }
        }
    }
    to.family(
        "tidemark_detector_alarms",
        Kind::Counter,
        "Alarms of the detectors on a model's predictions and errors.",
    );
    for Latest { model, alarms, .. } in &latest {
        for (series, detector, n) in alarms {
            to.sample(&[("model", model), ("series", series), ("detector", detector)], *n as f64);
        }
    }
    Ok(())
}
