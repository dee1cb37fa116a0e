//! A small report with one column of every kind, and a backend that serves it.

use std::fmt::Write;
use std::sync::Arc;

use tidemark::data::csv;
use tidemark::judge::{Settings, Verdict};
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{ColumnRole, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use tidemark_app::backend::Backend;
use tidemark_app::detectors::{Detectors, DetectorsQuery};
use tidemark_app::error::AppError;
use tidemark_app::models::{Drift, ModelLine, Models, Since, Told};
use tidemark_app::monitor::{ModelCard, Overview, Snapshot, SnapshotHead, Traffic, Window};
use tidemark_app::performance::{Performance, PerformanceQuery};
use tidemark_app::quality::QualityPage;
use tidemark_app::watching::{Alerts, Change, MonitorForm, MonitorFormPage, MonitorLine, MonitorPage, Preview, Shares};
use tidemark_app::windows::{Stretch, Windows, WindowsQuery};

/// `moved` drifts, `steady` does not, `kind` gets a new category, `gaps` loses values, `flat` is constant, `gone` is
/// not in the current data, `score` is the model's answer.
pub fn report() -> DriftReport {
    let reference = csv::read(table(0.0, "card", 0, true).as_bytes()).expect("the table is well formed");
    let current = csv::read(table(120.0, "voucher", 4, false).as_bytes()).expect("the table is well formed");
    let mut overrides = SchemaOverrides::default();
    overrides.roles.insert("score".to_owned(), ColumnRole::Prediction);
    let schema = Schema::infer(&reference, &overrides).expect("the column is there");
    compare(
        Reference(Source { label: "training data", data: &reference, sha256: None }),
        Current(Source { label: "rows 1 to 600", data: &current, sha256: None }),
        &schema,
        &Settings::default(),
    )
}

fn table(shift: f64, third_kind: &str, every_gap: usize, has_gone: bool) -> String {
    let mut text = format!("moved,steady,kind,gaps,flat,score{}\n", if has_gone { ",gone" } else { "" });
    for row in 0..600_usize {
        // 389 and 600 have no common factor: every remainder occurs once.
        let spread = (row * 389 % 600) as f64;
        let kind = ["cash", "cash", third_kind][row % 3];
        let gap = every_gap > 0 && row % every_gap == 0;
        let gaps = if gap { String::new() } else { format!("{spread}.5") };
        write!(text, "{},{spread}.25,{kind},{gaps},7.5,0.{:03}", spread + shift + 0.5, row % 600)
            .expect("writing to a string does not fail");
        text.push_str(if has_gone { ",1.5\n" } else { "\n" });
    }
    text
}

/// The stored comparison that holds [`report`].
pub fn snapshot() -> Snapshot {
    let report = report();
    let head = SnapshotHead {
        id: "first".to_owned(),
        created: 1_795_422_780_000,
        window: Window { first: 1, end: 601, from: 1_795_422_700_000, to: 1_795_422_779_000 },
        share_drifted: report.data.share_drifted,
        n_drifted: report.data.n_drifted,
        n_columns: report.data.n_columns,
        data_drifted: report.data.drifted,
        predictions_drifted: report.predictions.as_ref().map(|group| group.drifted),
        sentence: report.sentence.clone(),
    };
    let (monitor, earlier) = ("hourly".to_owned(), Some("earlier".to_owned()));
    let model = "card-fraud".to_owned();
    Snapshot { head, report, monitor, earlier, performance: None, estimated: Vec::new(), model }
}

/// Serves one comparison, or none.
#[derive(Default)]
pub struct Fixed {
    /// Whether there is one.
    pub is_empty: bool,
    /// Whether the model came without a reference, and has more than two classes.
    pub is_bare: bool,
    /// Whether there are two models.
    pub has_many: bool,
}

impl Fixed {
    /// Ready to be put into a context.
    pub fn handle(self) -> tidemark_app::backend::BackendHandle {
        Arc::new(self)
    }

    fn traffic(&self) -> Traffic {
        Traffic {
            total: 612,
            per_second: 10.2,
            last_minute: vec![10; 60],
            share_positive: (!self.is_bare).then_some(0.001_7),
            latest: Some(1_795_422_783_000),
        }
    }
}

impl Backend for Fixed {
    fn overview(&self, _model: Option<&str>) -> Result<Overview, AppError> {
        Ok(Overview {
            model: ModelCard {
                name: "card-fraud".to_owned(),
                version: "9f3a61c2".to_owned(),
                kind: "random forest, 20 trees".to_owned(),
                target: "Class".to_owned(),
                n_features: 6,
                n_reference: if self.is_bare { 0 } else { 600 },
                metrics: vec![("roc_auc".to_owned(), 0.971)],
            },
            models: if self.has_many {
                vec!["card-fraud".to_owned(), "loans".to_owned()]
            } else {
                vec!["card-fraud".to_owned()]
            },
            traffic: self.traffic(),
            history: if self.is_empty { Vec::new() } else { vec![snapshot().head] },
            since: Some(1_795_422_780_000),
            performance: "Accuracy 0.93".to_owned(),
            performance_label: "Fine".to_owned(),
            events: Vec::new(),
            interval_seconds: 4,
            share_threshold: 0.1,
            min_window_rows: 1_000,
            now: 1_795_422_785_000,
        })
    }

    fn models(&self) -> Result<Models, AppError> {
        let line = |name: &str, verdict, label: &str| ModelLine {
            name: name.to_owned(),
            kind: "random forest, 20 trees".to_owned(),
            verdict,
            label: label.to_owned(),
            sentence: "8 of 30 columns drifted.".to_owned(),
            since: Some(Since { at: 1_795_422_780_000, is_open: true }),
            traffic: self.traffic(),
            drift: Drift {
                words: "8 of 30 columns".to_owned(),
                report: Some("first".to_owned()),
                history: vec![(0.0, Verdict::Stable), (0.3, Verdict::Drifted)],
            },
            performance: Told {
                verdict: Verdict::Stable,
                label: "Fine".to_owned(),
                figure: "ROC AUC 0.971".to_owned(),
            },
            n_alerts: 2,
        };
        Ok(Models::of(vec![line("loans", Verdict::Stable, "Fine"), line("card-fraud", Verdict::Drifted, "Drifted")]))
    }

    fn snapshot(&self, id: &str) -> Result<Snapshot, AppError> {
        if id == "first" {
            Ok(snapshot())
        } else {
            Err(AppError::NotFound { what: "report".to_owned(), id: id.to_owned() })
        }
    }

    fn report(&self, id: &str) -> Result<DriftReport, AppError> {
        self.snapshot(id).map(|snapshot| snapshot.report)
    }

    fn check_now(&self, _model: Option<&str>) -> Result<SnapshotHead, AppError> {
        Err(AppError::TooFewRows { found: 612, needed: 1_000 })
    }

    fn quality(&self, _: Option<&str>) -> Result<QualityPage, AppError> {
        let snapshot = snapshot();
        let windows = if self.is_empty { Vec::new() } else { vec![(snapshot.head, snapshot.report)] };
        Ok(QualityPage::of("card-fraud".to_owned(), Vec::new(), &windows, vec![("outside the range".to_owned(), 1204)]))
    }

    fn windows(&self, query: &WindowsQuery) -> Result<Windows, AppError> {
        let stretch = |text: &str, first, last| text.parse().unwrap_or(Stretch { first, last });
        let chosen = (stretch(&query.reference, 1, 300), stretch(&query.current, 301, 600));
        let log = (!self.is_empty).then_some(Stretch { first: 1, last: 600 });
        Ok(Windows { model: "card-fraud".to_owned(), models: Vec::new(), log, chosen: log.map(|_| chosen) })
    }

    fn compare_windows(&self, windows: &Windows) -> Result<Option<DriftReport>, AppError> {
        Ok(windows.chosen.map(|_| report()))
    }

    fn performance(&self, query: &PerformanceQuery) -> Result<Performance, AppError> {
        not_here("model", query.model.as_deref().unwrap_or_default())
    }

    fn detectors(&self, query: &DetectorsQuery) -> Result<Detectors, AppError> {
        not_here("model", query.model.as_deref().unwrap_or_default())
    }

    fn monitors(&self) -> Result<Vec<MonitorLine>, AppError> {
        Ok(Vec::new())
    }

    fn shares(&self) -> Result<Shares, AppError> {
        Ok(Shares { shares: Vec::new(), now: 0 })
    }

    fn change(&self, id: &str, _earlier: &str) -> Result<Change, AppError> {
        not_here("report", id)
    }

    fn monitor(&self, name: &str) -> Result<MonitorPage, AppError> {
        not_here("monitor", name)
    }

    fn monitor_form(&self, name: Option<&str>) -> Result<MonitorFormPage, AppError> {
        not_here("monitor", name.unwrap_or_default())
    }

    fn save_monitor(&self, form: &MonitorForm) -> Result<String, AppError> {
        not_here("monitor", &form.name)
    }

    fn remove_monitor(&self, name: &str) -> Result<(), AppError> {
        not_here("monitor", name)
    }

    fn preview_monitor(&self, form: &MonitorForm) -> Result<Preview, AppError> {
        not_here("monitor", &form.name)
    }

    fn alerts(&self) -> Result<Alerts, AppError> {
        not_here("alert", "")
    }

    fn acknowledge(&self, _id: i64, by: &str) -> Result<(), AppError> {
        not_here("alert", by)
    }

    fn mute(&self, monitor: &str, _rule: &str, _span: &str) -> Result<(), AppError> {
        not_here("monitor", monitor)
    }

    fn test_channel(&self, name: &str) -> Result<(), AppError> {
        not_here("channel", name)
    }

    fn share(&self, report: &str, _title: &str, _expires_in: &str) -> Result<String, AppError> {
        not_here("report", report)
    }

    fn revoke_share(&self, id: &str) -> Result<(), AppError> {
        not_here("share link", id)
    }
}

/// Pages about watching are tested with the service behind them.
fn not_here<T>(what: &str, id: &str) -> Result<T, AppError> {
    Err(AppError::NotFound { what: what.to_owned(), id: id.to_owned() })
}
