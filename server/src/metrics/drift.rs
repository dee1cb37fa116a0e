//! The latest comparison of every model in numbers, read from the store when somebody asks: so they are right after a
//! restart, too.

use tidemark::judge::Verdict;
use tidemark::report::DriftReport;
use tidemark_app::backend::Backend;
use tidemark_app::error::AppError;
use tidemark_app::monitor::{Overview, SnapshotHead};

use super::MAX_MODELS;
use super::exposition::{Exposition, Kind};
use crate::service::Service;

/// So many columns of a model have series; a table can be wider than a database of metrics likes.
const MAX_COLUMNS: usize = 500;

/// A model, and its latest report if there is one.
struct Latest {
    overview: Overview,
    report: Option<DriftReport>,
}

impl Latest {
    /// `None` for a model that has gone meanwhile.
    fn read(service: &Service, model: &str) -> Result<Option<Self>, AppError> {
        let overview = match service.overview(Some(model)) {
            Err(AppError::NotFound { .. }) => return Ok(None),
            overview => overview?,
        };
        let head = overview.history.last();
        let report = head.map(|head| service.stored(&head.id)).transpose()?.map(|stored| stored.report);
        Ok(Some(Self { overview, report }))
    }

    fn name(&self) -> &str {
        &self.overview.model.name
    }

    fn compared(&self) -> Option<Compared<'_>> {
        Some((&self.overview, self.overview.history.last()?, self.report.as_ref()?))
    }
}

/// A model, what lists show of its latest report, and the report.
type Compared<'a> = (&'a Overview, &'a SnapshotHead, &'a DriftReport);

/// Writes the models' traffic and their latest reports.
///
/// # Errors
/// The store cannot be read.
pub fn drift(to: &mut Exposition, service: &Service, models: &[String]) -> Result<(), AppError> {
    let shown = &models[..models.len().min(MAX_MODELS)];
    let mut latest = Vec::with_capacity(shown.len());
    for model in shown {
        latest.extend(Latest::read(service, model)?);
    }
    to.family("tidemark_dropped_models", Kind::Gauge, "Models beyond those that have series.");
    to.sample(&[], (models.len() - shown.len()) as f64);
    to.family("tidemark_model_info", Kind::Gauge, "1, with the model's version as a label.");
    for Latest { overview, .. } in &latest {
        to.sample(&[("model", &overview.model.name), ("version", &overview.model.version)], 1.0);
    }
    let mut gauge = |name: &str, help: &str, value: fn(&Overview) -> f64| {
        to.family(name, Kind::Gauge, help);
        latest.iter().for_each(|model| to.sample(&[("model", model.name())], value(&model.overview)));
    };
    gauge("tidemark_log_rows", "Predictions in the log.", |overview| overview.traffic.total as f64);
    gauge("tidemark_check_interval_seconds", "Time between two comparisons.", |overview| {
        overview.interval_seconds as f64
    });
    let compared: Vec<_> = latest.iter().filter_map(Latest::compared).collect();
    if !compared.is_empty() {
        reports(to, &compared);
        columns(to, &compared);
    }
    Ok(())
}

/// What is said of a report as a whole.
fn reports(to: &mut Exposition, compared: &[Compared<'_>]) {
    let mut gauge = |name: &str, help: &str, value: fn(Compared<'_>) -> Option<f64>| {
        to.family(name, Kind::Gauge, help);
        for &compared in compared {
            if let Some(value) = value(compared) {
                to.sample(&[("model", &compared.0.model.name)], value);
            }
        }
    };
    gauge("tidemark_report_timestamp_seconds", "When the latest report was made.", |(_, head, _)| {
        Some(seconds(head.created))
    });
    gauge("tidemark_report_age_seconds", "Age of the latest report.", |(overview, head, _)| {
        Some(seconds((overview.now - head.created).max(0)))
    });
    gauge(
        "tidemark_window_rows",
        "Rows of the latest report's window.",
        |(_, head, _)| Some(head.window.rows() as f64),
    );
    gauge("tidemark_reference_rows", "Rows of the reference.", |(.., report)| Some(report.reference.rows as f64));
    gauge("tidemark_drifted_columns_ratio", "Share of columns that drifted, 0 to 1.", |(_, head, _)| {
        Some(head.share_drifted)
    });
    gauge("tidemark_drift_threshold_ratio", "From this share on the data count as drifted.", |(overview, ..)| {
        Some(overview.share_threshold)
    });
    gauge("tidemark_data_drifted", "1 if the data drifted as a whole.", |(_, head, _)| Some(flag(head.data_drifted)));
    gauge("tidemark_predictions_drifted", "1 if the predictions drifted.", |(_, head, _)| {
        head.predictions_drifted.map(flag)
    });
}

/// What is said of a report's columns.
fn columns(to: &mut Exposition, compared: &[Compared<'_>]) {
    let reports = || compared.iter().map(|(overview, _, report)| (overview.model.name.as_str(), *report));
    let shown = || {
        reports().flat_map(|(model, report)| {
            report.columns.iter().take(MAX_COLUMNS).map(move |column| (model, report, column))
        })
    };
    to.family("tidemark_columns", Kind::Gauge, "Columns by verdict of the leading judge.");
    for (model, report) in reports() {
        for verdict in Verdict::ALL {
            let count = report.columns.iter().filter(|column| report.verdict(column) == verdict).count();
            to.sample(&[("model", model), ("verdict", verdict.name())], count as f64);
        }
    }
    to.family("tidemark_column_drifted", Kind::Gauge, "1 if the column drifted, by the leading judge.");
    for (model, report, column) in shown() {
        let is_drifted = report.verdict(column) == Verdict::Drifted;
        to.sample(&[("model", model), ("column", &column.name)], flag(is_drifted));
    }
    to.family(
        "tidemark_column_drift_effect",
        Kind::Gauge,
        "How far the column moved: the calibrated judge's effect as a multiple of the smallest that matters.",
    );
    for (model, _, column) in shown() {
        if let Ok(test) = column.calibrated.leading()
            && test.effect.minimum > 0.0
        {
            to.sample(&[("model", model), ("column", &column.name)], test.effect.value / test.effect.minimum);
        }
    }
    to.family("tidemark_column_drift_score", Kind::Gauge, "Evidently's score of the column, by its method.");
    for (model, _, column) in shown() {
        if let Some(outcome) = column.evidently.outcome() {
            let labels = [("model", model), ("column", &column.name), ("method", outcome.method.name())];
            to.sample(&labels, outcome.score.value());
        }
    }
    to.family("tidemark_dropped_columns", Kind::Gauge, "Columns beyond those that have series.");
    for (model, report) in reports() {
        to.sample(&[("model", model)], report.columns.len().saturating_sub(MAX_COLUMNS) as f64);
    }
}

fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

fn flag(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}
