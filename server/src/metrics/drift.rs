//! The latest comparison in numbers, read from the store when somebody asks: so they are right after a restart, too.

use tidemark::judge::Verdict;
use tidemark_app::backend::Backend;
use tidemark_app::error::AppError;
use tidemark_app::monitor::{Overview, Snapshot};

use super::exposition::{Exposition, Kind};

/// So many columns of a model have series; a table can be wider than a database of metrics likes.
const MAX_COLUMNS: usize = 500;

/// Writes the model's traffic and its latest report.
///
/// # Errors
/// The store cannot be read.
pub fn drift(to: &mut Exposition, backend: &dyn Backend) -> Result<(), AppError> {
    let overview = backend.overview()?;
    let model = overview.model.name.clone();
    let labels = [("model", model.as_str())];
    to.family("tidemark_model_info", Kind::Gauge, "1, with the model's version as a label.");
    to.sample(&[("model", &model), ("version", &overview.model.version)], 1.0);
    to.family("tidemark_log_rows", Kind::Gauge, "Predictions in the log.");
    to.sample(&labels, overview.traffic.total as f64);
    to.family("tidemark_check_interval_seconds", Kind::Gauge, "Time between two comparisons.");
    to.sample(&labels, overview.interval_seconds as f64);
    if let Some(head) = overview.history.last() {
        let snapshot = backend.snapshot(&head.id)?;
        report(to, &overview, &snapshot);
    }
    Ok(())
}

fn report(to: &mut Exposition, overview: &Overview, snapshot: &Snapshot) {
    let (head, report) = (&snapshot.head, &snapshot.report);
    let model = overview.model.name.as_str();
    let labels = [("model", model)];
    let mut gauge = |name: &str, help: &str, value: f64| {
        to.family(name, Kind::Gauge, help);
        to.sample(&labels, value);
    };
    let seconds = |millis: i64| millis as f64 / 1000.0;
    gauge("tidemark_report_timestamp_seconds", "When the latest report was made.", seconds(head.created));
    gauge("tidemark_report_age_seconds", "Age of the latest report.", seconds((overview.now - head.created).max(0)));
    gauge("tidemark_window_rows", "Rows of the latest report's window.", head.window.rows() as f64);
    gauge("tidemark_reference_rows", "Rows of the reference.", report.reference.rows as f64);
    gauge("tidemark_drifted_columns_ratio", "Share of columns that drifted, 0 to 1.", head.share_drifted);
    gauge("tidemark_drift_threshold_ratio", "From this share on the data count as drifted.", overview.share_threshold);
    gauge("tidemark_data_drifted", "1 if the data drifted as a whole.", f64::from(u8::from(head.data_drifted)));
    if let Some(drifted) = head.predictions_drifted {
        gauge("tidemark_predictions_drifted", "1 if the predictions drifted.", f64::from(u8::from(drifted)));
    }

    to.family("tidemark_columns", Kind::Gauge, "Columns by verdict of the leading judge.");
    for verdict in Verdict::ALL {
        let count = report.columns.iter().filter(|column| report.verdict(column) == verdict).count();
        to.sample(&[("model", model), ("verdict", verdict.name())], count as f64);
    }
    let shown = &report.columns[..report.columns.len().min(MAX_COLUMNS)];
    to.family("tidemark_column_drifted", Kind::Gauge, "1 if the column drifted, by the leading judge.");
    for column in shown {
        let drifted = report.verdict(column) == Verdict::Drifted;
        to.sample(&[("model", model), ("column", &column.name)], f64::from(u8::from(drifted)));
    }
    to.family(
        "tidemark_column_drift_effect",
        Kind::Gauge,
        "How far the column moved: the calibrated judge's effect as a multiple of the smallest that matters.",
    );
    for column in shown {
        if let Ok(test) = column.calibrated.leading()
            && test.effect.minimum > 0.0
        {
            to.sample(&[("model", model), ("column", &column.name)], test.effect.value / test.effect.minimum);
        }
    }
    to.family("tidemark_column_drift_score", Kind::Gauge, "Evidently's score of the column, by its method.");
    for column in shown {
        if let Some(outcome) = column.evidently.outcome() {
            let labels = [("model", model), ("column", &column.name), ("method", outcome.method.name())];
            to.sample(&labels, outcome.score.value());
        }
    }
    to.family("tidemark_dropped_columns", Kind::Gauge, "Columns beyond those that have series.");
    to.sample(&labels, (report.columns.len() - shown.len()) as f64);
}
