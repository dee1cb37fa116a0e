//! The file that a whole set-up is written in: monitors and channels, as TOML.

use serde::{Deserialize, Serialize};
use tidemark::judge::Settings;

use crate::deliver::Channel;
use crate::monitor::{Invalid, Monitor};

/// A set-up.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where alerts go.
    #[serde(default, rename = "channel", skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// What is watched.
    #[serde(default, rename = "monitor", skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<Monitor>,
}

impl Config {
    /// Reads a set-up and checks it, as far as that can be done without the models.
    ///
    /// # Errors
    /// The first setting that makes no sense, by the path to it: `monitor[0].window.rows`.
    pub fn from_toml(text: &str) -> Result<Self, Invalid> {
        let toml = toml::Deserializer::parse(text).map_err(|error| Invalid::new("file", error.to_string()))?;
        let config: Self = serde_path_to_error::deserialize(toml).map_err(|error| {
            let (path, error) = (error.path().to_string(), error.into_inner());
            Invalid::new(path, error.message().to_owned())
        })?;
        config.check()?;
        Ok(config)
    }

    /// The set-up as a file has it.
    ///
    /// # Errors
    /// A setting is a number that TOML cannot write.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    /// Whether everything makes sense and every name stands for one thing.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn check(&self) -> Result<(), Invalid> {
        for (nth, channel) in self.channels.iter().enumerate() {
            let here = |Invalid { field, reason }| Invalid::new(format!("channel[{nth}].{field}"), reason);
            channel.check().map_err(here)?;
            if self.channels[..nth].iter().any(|earlier| earlier.name == channel.name) {
                return Err(Invalid::new(
                    format!("channel[{nth}].name"),
                    format!("{:?} stands here twice", channel.name),
                ));
            }
        }
        for (nth, monitor) in self.monitors.iter().enumerate() {
            let here = |Invalid { field, reason }| Invalid::new(format!("monitor[{nth}].{field}"), reason);
            monitor.check().and_then(|()| self.check_channels(monitor)).map_err(here)?;
            if self.monitors[..nth].iter().any(|earlier| earlier.name == monitor.name) {
                return Err(Invalid::new(
                    format!("monitor[{nth}].name"),
                    format!("{:?} stands here twice", monitor.name),
                ));
            }
        }
        Ok(())
    }

    /// Whether every channel of a monitor's rules is there.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_channels(&self, monitor: &Monitor) -> Result<(), Invalid> {
        for (nth, rule) in monitor.alerts.iter().enumerate() {
            for name in &rule.channels {
                if !self.channels.iter().any(|channel| channel.name == *name) {
                    let known: Vec<&str> = self.channels.iter().map(|channel| channel.name.as_str()).collect();
                    let reason = format!("there is no channel {name:?}; there are {known:?}");
                    return Err(Invalid::new(format!("alert[{nth}].channels"), reason));
                }
            }
        }
        Ok(())
    }
}

/// Reads one monitor from JSON, as the API gets it.
///
/// # Errors
/// The first setting that makes no sense, by the path to it.
pub fn monitor_from_json(body: &[u8]) -> Result<Monitor, Invalid> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let monitor: Monitor = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| Invalid::new(error.path().to_string(), error.inner().to_string()))?;
    json.end().map_err(|error| Invalid::new("body", error.to_string()))?;
    monitor.check()?;
    Ok(monitor)
}

/// Settings as TOML, as far as they are not the defaults.
///
/// # Errors
/// A setting is a number that TOML cannot write.
pub fn settings_to_toml(settings: &Settings) -> Result<String, toml::ser::Error> {
    let own = toml::Table::try_from(settings)?;
    toml::to_string_pretty(&unlike(own, &toml::Table::try_from(Settings::default())?))
}

fn unlike(own: toml::Table, default: &toml::Table) -> toml::Table {
    let differing = own.into_iter().filter_map(|(name, value)| match (value, default.get(&name)) {
        (value, Some(default)) if value == *default => None,
        (toml::Value::Table(own), Some(toml::Value::Table(default))) => {
            Some((name, toml::Value::Table(unlike(own, default))))
        }
        (value, _) => Some((name, value)),
    });
    differing.collect()
}

/// Reads settings from TOML; what is not there is the default.
///
/// # Errors
/// The first setting that makes no sense, by the path to it: `settings.calibrated.q`.
pub fn settings_from_toml(text: &str) -> Result<Settings, Invalid> {
    let toml = toml::Deserializer::parse(text).map_err(|error| Invalid::new("settings", error.to_string()))?;
    serde_path_to_error::deserialize(toml).map_err(|error| {
        let (path, error) = (error.path().to_string(), error.into_inner());
        let field = if path == "." { "settings".to_owned() } else { format!("settings.{path}") };
        Invalid::new(field, error.message().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::{Condition, Reference, SameHours, Schedule, Window};

    const WHOLE: &str = r#"
        [[channel]]
        name = "ops"
        webhook = { url = "https://example.org/hook", secret_env = "OPS_SECRET" }

        [[monitor]]
        name = "hourly"
        model = "card-fraud"
        window = { span = "1h" }
        schedule = { every = "1h" }
        reference = { same_hours = { days = 7, weeks = 2 } }
        missed = "all"
        segment = { column = "country", any_of = ["DE", "FR"] }
        settings = { calibrated = { drift_share = 0.2 } }

        [[monitor.alert]]
        name = "drift"
        when = "drifted"
        windows = 3
        channels = ["ops"]

        [[monitor.alert]]
        name = "amount"
        when = { effect = { name = "Amount", at_least = 0.3 } }
    "#;

    #[test]
    fn settings_are_written_as_far_as_they_are_not_the_defaults() {
        assert_eq!(settings_to_toml(&Settings::default()).unwrap(), "");
        let text = "judge = \"evidently\"\n\n[calibrated]\ndrift_share = 0.2\n";
        let settings = settings_from_toml(text).unwrap();
        assert_eq!(settings.calibrated.drift_share, 0.2);
        assert_eq!(settings_to_toml(&settings).unwrap(), text);
        let wrong = settings_from_toml("[calibrated]\ndrift_share = \"much\"").unwrap_err();
        assert_eq!(wrong.field, "settings.calibrated.drift_share");
    }

    #[test]
    fn a_file_says_what_is_watched() {
        let config = Config::from_toml(WHOLE).unwrap();
        let monitor = &config.monitors[0];
        assert_eq!(monitor.window, Window::Span("1h".parse().unwrap()));
        assert_eq!(monitor.schedule, Schedule::Every("1h".parse().unwrap()));
        assert_eq!(monitor.reference, Reference::SameHours(SameHours { days: 7, weeks: 2 }));
        assert_eq!(monitor.settings.calibrated.drift_share, 0.2);
        assert_eq!((monitor.alerts[0].windows, &monitor.alerts[0].when), (3, &Condition::Drifted));
    }

    #[test]
    fn what_is_exported_reads_as_the_same() {
        let config = Config::from_toml(WHOLE).unwrap();
        assert_eq!(Config::from_toml(&config.to_toml().unwrap()).unwrap(), config);
    }

    #[test]
    fn a_wrong_setting_is_refused_by_its_path() {
        let cases = [
            ("missed = \"all\"", "missed = \"some\"", "monitor[0].missed"),
            ("span = \"1h\"", "span = \"one hour\"", "monitor[0].window.span"),
            ("windows = 3", "windows = 0", "monitor[0].alert[0].windows"),
            ("windows = 3", "window = 3", "monitor[0].alert[0].window"),
            ("channels = [\"ops\"]", "channels = [\"oops\"]", "monitor[0].alert[0].channels"),
            ("at_least = 0.3", "at_least = -1.0", "monitor[0].alert[1].when.effect.at_least"),
            ("name = \"amount\"", "name = \"drift\"", "monitor[0].alert[1].name"),
            ("drift_share = 0.2", "drift_shar = 0.2", "monitor[0].settings.calibrated.drift_shar"),
            ("schedule = { every = \"1h\" }", "schedule = { cron = \"hourly\" }", "monitor[0].schedule.cron"),
            ("schedule = { every = \"1h\" }", "schedule = { rows = 100 }", "monitor[0].schedule.rows"),
            ("window = { span = \"1h\" }", "window = { span = \"2d\" }", "monitor[0].reference.same_hours"),
            ("name = \"hourly\"", "name = \"../hourly\"", "monitor[0].name"),
            ("[\"DE\", \"FR\"]", "[]", "monitor[0].segment.any_of"),
            ("https://example.org/hook", "ftp://example.org", "channel[0].webhook.url"),
        ];
        for (from, to, field) in cases {
            assert!(WHOLE.contains(from), "{from}");
            let error = Config::from_toml(&WHOLE.replace(from, to)).unwrap_err();
            assert_eq!(error.field, field, "{to}: {error}");
        }
    }

    #[test]
    fn a_monitor_in_json_is_refused_by_its_path() {
        let monitor = monitor_from_json(br#"{"name": "a", "model": "b", "window": {"rows": 500}}"#).unwrap();
        assert_eq!(monitor.window, Window::Rows(500));
        for (body, field) in [
            (r#"{"name": "a", "model": "b", "window": {"rows": -1}}"#, "window.rows"),
            (r#"{"name": "a", "model": "b", "window": {"rows": 10}}"#, "window.rows"),
            (r#"{"name": "a", "model": "b"} {}"#, "body"),
            (r#"{"name": "a", "model": "b", "alert": [{"name": "x", "when": "never"}]}"#, "alert[0].when"),
        ] {
            let error = monitor_from_json(body.as_bytes()).unwrap_err();
            assert_eq!(error.field, field, "{body}: {error}");
        }
    }
}
