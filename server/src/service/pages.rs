//! What the pages ask: the service behind the app's [`Backend`].

use tidemark::performance::Summary;
use tidemark::performance::summary::METRICS;
use tidemark::report::{Difference, DriftReport};
use tidemark_app::backend::Backend;
use tidemark_app::detectors::{Detectors, DetectorsQuery};
use tidemark_app::error::AppError;
use tidemark_app::models::Models;
use tidemark_app::models::standing::since;
use tidemark_app::monitor::{Overview, Snapshot, SnapshotHead};
use tidemark_app::performance::brief::brief;
use tidemark_app::performance::{Performance, PerformanceQuery};
use tidemark_app::quality::QualityPage;
use tidemark_app::watching::{
    AlertLine, AlertSeverity, Alerts, Change, DriftedColumn, MonitorForm, MonitorFormPage, MonitorLine, MonitorOrigin,
    MonitorPage, MuteLine, Preview, RunLine, ShareLine, Shares,
};
use tidemark_app::windows::{Windows, WindowsQuery};
use tidemark_watch::config::Config;
use tidemark_watch::monitor::{Invalid, Monitor, Severity};
use tidemark_watch::span::Span;
use tidemark_watch::store::{self, Alert, Cursor, Mute, Run, Sent, Share, StoreError};

use super::watching::{MonitorError, Origin, Watched};
use super::{CheckError, HISTORY, Service, forms, making, model_card, performance, preview};

/// Alerts, runs and share links on one page.
const LISTED: u64 = 200;
/// Runs on a monitor's page.
const RUNS: u64 = 50;
/// Windows of more rows are not read again for their labels.
const MOST_LABELLED: u64 = 200_000;

/// The browser learns that something broke, the log learns what.
pub(super) fn internal(error: StoreError) -> AppError {
    tracing::error!(%error, "the store failed a page");
    AppError::Internal
}

fn invalid(Invalid { field, reason }: Invalid) -> AppError {
    AppError::Invalid { field, reason }
}

fn unchanged(error: MonitorError) -> AppError {
    match error {
        MonitorError::Invalid(error) => invalid(error),
        MonitorError::InFile(_) => AppError::Invalid { field: "name".to_owned(), reason: error.to_string() },
        MonitorError::Store(error) => internal(error),
    }
}

fn missing(what: &str, id: &str) -> AppError {
    AppError::NotFound { what: what.to_owned(), id: id.to_owned() }
}

/// A span that may be left out.
fn span(field: &str, text: &str) -> Result<Option<Span>, AppError> {
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    let wrong = |reason: String| AppError::Invalid { field: field.to_owned(), reason };
    text.map(|text| text.parse().map_err(|error: tidemark_watch::span::NoSpan| wrong(error.to_string()))).transpose()
}

fn alert_line(alert: Alert) -> AlertLine {
    AlertLine {
        id: alert.id,
        monitor: alert.monitor,
        model: alert.model,
        rule: alert.rule,
        severity: match alert.severity {
            Severity::Info => AlertSeverity::Info,
            Severity::Warning => AlertSeverity::Warning,
            Severity::Critical => AlertSeverity::Critical,
        },
        sentence: alert.sentence,
        began: alert.began,
        report: alert.snapshot.map(|id| id.to_string()),
        ended: alert.ended,
        acknowledged: alert.acknowledged.zip(alert.acknowledged_by),
    }
}

fn run_line(monitor: &Monitor, run: &Run) -> RunLine {
    RunLine {
        id: run.id,
        end: preview::end_of(&monitor.schedule, run.last),
        n: run.n,
        state: run.state.name().to_owned(),
        detail: run.detail.clone(),
        report: run.snapshot.map(|id| id.to_string()),
    }
}

fn share_line(share: Share) -> ShareLine {
    let Share { id, title, created, expires, revoked, snapshot } = share;
    ShareLine { id, title, created, expires, revoked, report: snapshot.map(|id| id.to_string()) }
}

impl Service {
    fn monitor_line(&self, watched: &Watched, alerts: &[Alert]) -> Result<MonitorLine, StoreError> {
        let monitor = &watched.monitor;
        let latest = self.store.latest(Cursor::Monitor(&monitor.name), None, 1)?.pop();
        let run = self.store.runs(&monitor.name, 1)?.pop();
        let goes_on = |alert: &&Alert| alert.monitor == monitor.name && alert.ended.is_none();
        Ok(MonitorLine {
            name: monitor.name.clone(),
            model: monitor.model.clone(),
            origin: match watched.origin {
                Origin::Default => MonitorOrigin::Default,
                Origin::File => MonitorOrigin::File,
                Origin::Made => MonitorOrigin::Made,
            },
            watches: forms::in_words(monitor),
            latest: latest.map(making::head_of),
            run: run.map(|run| run_line(monitor, &run)),
            n_alerts: alerts.iter().filter(goes_on).count() as u64,
        })
    }

    fn found_monitor(&self, name: &str) -> Result<Watched, AppError> {
        self.monitor(name).map_err(internal)?.ok_or_else(|| missing("monitor", name))
    }

    /// A stored comparison.
    pub(crate) fn stored(&self, id: &str) -> Result<store::Snapshot, AppError> {
        let found = id.parse().ok().map(|id| self.store.snapshot(id)).transpose().map_err(internal)?.flatten();
        found.ok_or_else(|| missing("report", id))
    }

    /// How the model did in a stored comparison's window, by the labels that have come so far. Where the window's rows are gone
    /// or too many, what was known when it was compared.
    pub(crate) fn performance_of(&self, snapshot: &store::Snapshot) -> Result<Option<Summary>, StoreError> {
        let head = &snapshot.head;
        let rows = self.labelled_rows(&head.model, &head.monitor, head.window)?;
        Ok(rows.or_else(|| snapshot.performance.realised.clone()))
    }

    fn labelled_rows(&self, model: &str, monitor: &str, window: store::Bounds) -> Result<Option<Summary>, StoreError> {
        let reader = self.log.reader();
        let labels = reader.positions(&tidemark_log::Line::labels(model));
        if labels.is_empty() || window.end - window.first > MOST_LABELLED {
            return Ok(None);
        }
        let monitor = self.monitor(monitor)?.map(|watched| watched.monitor);
        let rows = making::rows_of(reader, model, window.first..window.end, monitor.as_ref());
        let found = rows.and_then(|rows| performance::of(reader, model, &rows));
        found.map_err(|error| StoreError::Log(error.to_string()))
    }

    /// Sends a test over a channel; `None` if there is none of this name. Blocks.
    pub fn test_channel(&self, name: &str) -> Option<Sent> {
        if self.sender().channels().iter().all(|channel| channel.name != name) {
            return None;
        }
        let now = self.now();
        let message = store::Message {
            id: format!("test-{}", uuid::Uuid::now_v7()),
            monitor: "test".to_owned(),
            model: "none".to_owned(),
            snapshot: None,
            written: now,
            is_test: true,
            alerts: Vec::new(),
        };
        Some(self.sender().send(name, &message, now))
    }
}

impl Backend for Service {
    fn overview(&self, model: Option<&str>) -> Result<Overview, AppError> {
        let slot = self.slot(model)?;
        let history = self.history(slot.name()).map_err(internal)?;
        let alerts = self.store.alerts(None, LISTED).map_err(internal)?;
        let performance = brief(&self.window_figures(&slot).map_err(internal)?);
        Ok(Overview {
            model: model_card(&slot),
            models: self.model_names(),
            traffic: self.traffic(&slot).map_err(|error| internal(StoreError::Log(error.to_string())))?,
            events: self.events(slot.name(), &history, &alerts),
            since: since(&history).filter(|since| !since.is_open).map(|since| since.at),
            performance: performance.figure,
            performance_label: performance.label.to_owned(),
            history,
            interval_seconds: self.options.interval_seconds,
            min_window_rows: self.options.min_window_rows,
            share_threshold: self.options.settings.drift_share(),
            now: self.clock.now(),
        })
    }

    fn models(&self) -> Result<Models, AppError> {
        self.all_models()
    }

    fn snapshot(&self, id: &str) -> Result<Snapshot, AppError> {
        let found = self.stored(id)?;
        let performance = self.performance_of(&found).map_err(internal)?;
        let store::Snapshot { head, report, performance: known } = found;
        let model = head.model.clone();
        let of = if head.monitor.is_empty() { Cursor::Model(&head.model) } else { Cursor::Monitor(&head.monitor) };
        let earlier = self.store.latest(of, Some(head.id), 1).map_err(internal)?.pop();
        let (monitor, earlier) = (head.monitor.clone(), earlier.map(|head| head.id.to_string()));
        let estimated = known.estimated;
        Ok(Snapshot { head: making::head_of(head), report, monitor, earlier, performance, estimated, model })
    }

    fn report(&self, id: &str) -> Result<DriftReport, AppError> {
        Ok(self.stored(id)?.report)
    }

    fn check_now(&self, model: Option<&str>) -> Result<SnapshotHead, AppError> {
        let slot = self.slot(model)?;
        self.check(&slot).map_err(|error| match error {
            CheckError::TooFewRows { found, needed } => AppError::TooFewRows { found, needed },
            CheckError::NoReference => AppError::Invalid {
                field: slot.name().to_owned(),
                reason: "the model came without a reference, so there is nothing to compare with".to_owned(),
            },
            CheckError::Store(error) => internal(error),
            CheckError::Log(error) => internal(StoreError::Log(error.to_string())),
        })
    }

    fn change(&self, id: &str, earlier: &str) -> Result<Change, AppError> {
        let (later, earlier) = (self.stored(id)?, self.stored(earlier)?);
        let difference = Difference::of(&earlier.report, &later.report);
        Ok(Change { earlier: making::head_of(earlier.head), later: making::head_of(later.head), difference })
    }

    fn quality(&self, model: Option<&str>) -> Result<QualityPage, AppError> {
        self.quality_page(model)
    }

    fn windows(&self, query: &WindowsQuery) -> Result<Windows, AppError> {
        self.chosen_windows(query)
    }

    fn compare_windows(&self, windows: &Windows) -> Result<Option<DriftReport>, AppError> {
        self.compared_windows(windows)
    }

    fn performance(&self, query: &PerformanceQuery) -> Result<Performance, AppError> {
        let slot = self.slot(query.model.as_deref())?;
        self.performance_page(&slot, query).map_err(internal)
    }

    fn detectors(&self, query: &DetectorsQuery) -> Result<Detectors, AppError> {
        let slot = self.slot(query.model.as_deref())?;
        self.detectors_page(&slot, query).map_err(internal)
    }

    fn monitors(&self) -> Result<Vec<MonitorLine>, AppError> {
        let alerts = self.store.alerts(None, LISTED).map_err(internal)?;
        let watched = Self::monitors(self).map_err(internal)?;
        watched.iter().map(|watched| self.monitor_line(watched, &alerts)).collect::<Result<_, _>>().map_err(internal)
    }

    fn monitor(&self, name: &str) -> Result<MonitorPage, AppError> {
        let watched = self.found_monitor(name)?;
        let read = || -> Result<MonitorPage, StoreError> {
            let alerts = self.store.alerts(Some(name), RUNS)?;
            let history = self.store.latest(Cursor::Monitor(name), None, HISTORY)?;
            let history: Vec<SnapshotHead> = history.into_iter().map(making::head_of).collect();
            let drifted = self.store.drifted_since(name)?.into_iter();
            let monitor = &watched.monitor;
            let whole = Config { channels: Vec::new(), monitors: vec![monitor.clone()] };
            Ok(MonitorPage {
                line: self.monitor_line(&watched, &alerts)?,
                events: self.events(&monitor.model, &history, &alerts),
                history,
                share_threshold: monitor.settings.drift_share(),
                runs: self.store.runs(name, RUNS)?.iter().map(|run| run_line(monitor, run)).collect(),
                drifted: drifted
                    .map(|(name, since, id)| DriftedColumn { name, since, report: id.to_string() })
                    .collect(),
                alerts: alerts.into_iter().map(alert_line).collect(),
                toml: whole.to_toml().unwrap_or_default(),
            })
        };
        read().map_err(internal)
    }

    fn monitor_form(&self, name: Option<&str>) -> Result<MonitorFormPage, AppError> {
        let catalog = self.catalog();
        let monitor = match name {
            Some(name) => self.found_monitor(name)?.monitor,
            None => match catalog.default_slot() {
                Some(slot) => Monitor { name: String::new(), ..self.default_monitor(slot) },
                None => Monitor::new("", ""),
            },
        };
        Ok(MonitorFormPage {
            form: forms::form_of(&monitor),
            models: self.model_names(),
            channels: self.sender().channels().iter().map(|channel| channel.name.clone()).collect(),
            metrics: METRICS.map(str::to_owned).to_vec(),
        })
    }

    fn save_monitor(&self, form: &MonitorForm) -> Result<String, AppError> {
        let monitor = forms::monitor_of(form).map_err(invalid)?;
        self.put_monitor(&monitor).map_err(unchanged)?;
        Ok(monitor.name)
    }

    fn remove_monitor(&self, name: &str) -> Result<(), AppError> {
        let removed = Self::remove_monitor(self, name).map_err(unchanged)?;
        if removed { Ok(()) } else { Err(missing("monitor", name)) }
    }

    fn preview_monitor(&self, form: &MonitorForm) -> Result<Preview, AppError> {
        // One that has no name yet can be tried all the same.
        let name = Some(form.name.trim()).filter(|name| !name.is_empty()).unwrap_or("new");
        let monitor = forms::monitor_of(&MonitorForm { name: name.to_owned(), ..form.clone() }).map_err(invalid)?;
        self.preview(&monitor).map_err(unchanged)
    }

    fn alerts(&self) -> Result<Alerts, AppError> {
        let now = self.now();
        let read = || -> Result<Alerts, StoreError> {
            let (n_waiting, n_given_up) = self.store.undelivered()?;
            let mutes = self.store.mutes(now)?.into_iter();
            Ok(Alerts {
                alerts: self.store.alerts(None, LISTED)?.into_iter().map(alert_line).collect(),
                mutes: mutes.map(|Mute { monitor, rule, until }| MuteLine { monitor, rule, until }).collect(),
                channels: self.sender().channels().iter().map(|c| (c.name.clone(), c.kind().to_owned())).collect(),
                n_waiting,
                n_given_up,
                now,
            })
        };
        read().map_err(internal)
    }

    fn acknowledge(&self, id: i64, by: &str) -> Result<(), AppError> {
        if by.trim().is_empty() {
            return Err(AppError::Invalid { field: "by".to_owned(), reason: "say who takes note".to_owned() });
        }
        let found = self.store.acknowledge(id, by.trim(), self.now()).map_err(internal)?;
        if found { Ok(()) } else { Err(missing("alert", &id.to_string())) }
    }

    fn mute(&self, monitor: &str, rule: &str, for_span: &str) -> Result<(), AppError> {
        let until = self.now() + span("for", for_span)?.map_or(0, Span::millis);
        self.store.mute(&Mute { monitor: monitor.to_owned(), rule: rule.to_owned(), until }).map_err(internal)
    }

    fn test_channel(&self, name: &str) -> Result<(), AppError> {
        match Self::test_channel(self, name).ok_or_else(|| missing("channel", name))? {
            Sent::Taken => Ok(()),
            Sent::Later(reason) | Sent::Never(reason) => Err(AppError::Refused { reason }),
        }
    }

    fn shares(&self) -> Result<Shares, AppError> {
        let shares = self.store.shares().map_err(internal)?;
        Ok(Shares { shares: shares.into_iter().map(share_line).collect(), now: self.now() })
    }

    fn share(&self, report: &str, title: &str, expires_in: &str) -> Result<String, AppError> {
        let now = self.now();
        let expires = span("expires_in", expires_in)?.map(|span| now + span.millis());
        let title = store::title_of(title).map_err(invalid)?;
        let id: i64 = report.parse().map_err(|_no_number| missing("report", report))?;
        let made = self.store.share_snapshot(id, &title, now, expires).map_err(internal)?;
        let (token, _) = made.ok_or_else(|| missing("report", report))?;
        Ok(format!("/r/{}", token.as_str()))
    }

    fn revoke_share(&self, id: &str) -> Result<(), AppError> {
        let revoked = self.store.revoke_share(id, self.now()).map_err(internal)?;
        if revoked { Ok(()) } else { Err(missing("share link", id)) }
    }
}
