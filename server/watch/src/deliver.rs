//! Messages on their way: what a channel is, and how one takes a message.
//!
//! Channels are written in the set-up file alone, so that nobody who may only call the API makes the service call other
//! addresses. Secrets stand in environment variables, whose names the file has: it can be shown to everybody.

use serde::{Deserialize, Serialize};
use tidemark::render::format::plural;

use crate::Millis;
use crate::monitor::{Invalid, name_is_sound};
use crate::store::{Message, Sent, Store, StoreError};

mod address;
mod email;
mod http;
mod signature;

pub use address::is_public;
pub use signature::sign;

/// Where alerts go: one of the four kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What rules call it.
    pub name: String,
    /// A signed JSON message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// What Slack calls an incoming webhook; Mattermost and others take the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<Slack>,
    /// An e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Prometheus' Alertmanager, by its API v2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alertmanager: Option<Alertmanager>,
    /// Whether its address may be one of this machine or of a private network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Its address.
    pub url: String,
    /// The environment variable that has the secret that messages are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
}

/// A Slack-compatible webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The environment variable that has its address, which is a secret.
    pub url_env: String,
}

/// E-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server: `smtps://mail.example.org`, `smtp://mail.example.org:587?tls=required`, or `smtp://localhost:25`.
    pub server: String,
    /// The sender.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// Who signs in at the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The environment variable that has the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_env: Option<String>,
}

/// An Alertmanager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alertmanager {
    /// Its address, without `/api/v2`.
    pub url: String,
}

impl Channel {
    /// What kind it is, for people.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self { webhook: Some(_), .. } => "webhook",
            Self { slack: Some(_), .. } => "Slack",
            Self { email: Some(_), .. } => "e-mail",
            _ => "Alertmanager",
        }
    }

    /// Whether it is one channel, and one that can be.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn check(&self) -> Result<(), Invalid> {
        name_is_sound("name", &self.name)?;
        let kinds = [self.webhook.is_some(), self.slack.is_some(), self.email.is_some(), self.alertmanager.is_some()];
        if kinds.iter().filter(|is_there| **is_there).count() != 1 {
            return Err(Invalid::new("name", "a channel has one of webhook, slack, email and alertmanager"));
        }
        if let Some(webhook) = &self.webhook {
            http::check_url("webhook.url", &webhook.url)?;
        }
        if let Some(alertmanager) = &self.alertmanager {
            http::check_url("alertmanager.url", &alertmanager.url)?;
        }
        self.email.as_ref().map_or(Ok(()), email::check)
    }
}

/// Sends messages.
#[derive(Debug)]
pub struct Sender {
    channels: Vec<Channel>,
    /// Where people reach the pages, for links: `https://tidemark.example.org`.
    base_url: Option<String>,
}

/// How long a message is kept from others while it is being sent: longer than any channel's patience.
const LEASE: Millis = 20_000;

impl Sender {
    /// Sends by these channels.
    pub const fn new(channels: Vec<Channel>, base_url: Option<String>) -> Self {
        Self { channels, base_url }
    }

    /// The channels.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Sends the next message that is due. Says whether there was one. Blocks.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn send_next(&self, store: &Store, now: impl Fn() -> Millis) -> Result<bool, StoreError> {
        let Some(waiting) = store.next_message(now(), LEASE)? else { return Ok(false) };
        let sent = self.send(&waiting.channel, &waiting.message, now());
        match &sent {
            Sent::Taken => {}
            Sent::Later(reason) | Sent::Never(reason) => {
                tracing::warn!(
                    channel = waiting.channel,
                    message = waiting.message.id,
                    reason,
                    "a message was not taken"
                );
            }
        }
        store.sent(&waiting, &sent, now())?;
        Ok(true)
    }

    /// Sends one message. Blocks.
    pub fn send(&self, channel: &str, message: &Message, now: Millis) -> Sent {
        let Some(channel) = self.channels.iter().find(|known| known.name == channel) else {
            return Sent::Never(format!("there is no channel {channel:?} any more"));
        };
        let link = self.link(message);
        if let Some(webhook) = &channel.webhook {
            http::webhook(channel.allow_private, webhook, message, link.as_deref(), now)
        } else if let Some(slack) = &channel.slack {
            http::slack(channel.allow_private, slack, &text(message, link.as_deref()))
        } else if let Some(alertmanager) = &channel.alertmanager {
            http::alertmanager(channel.allow_private, alertmanager, message, link.as_deref(), now)
        } else if let Some(email) = &channel.email {
            email::send(email, &subject(message), &text(message, link.as_deref()), &message.id)
        } else {
            Sent::Never("the channel is of no kind".to_owned())
        }
    }

    fn link(&self, message: &Message) -> Option<String> {
        let base = self.base_url.as_ref()?.trim_end_matches('/');
        Some(match message.snapshot {
            Some(snapshot) => format!("{base}/reports/{snapshot}"),
            None => format!("{base}/alerts"),
        })
    }
}

fn subject(message: &Message) -> String {
    if message.is_test {
        return format!("[Tidemark] {}: a test", message.monitor);
    }
    let begun: Vec<_> = message.alerts.iter().filter(|told| !told.is_over).collect();
    match (begun.as_slice(), message.alerts.as_slice()) {
        ([], _) => format!("[Tidemark] {}: over", message.monitor),
        ([one], _) => format!("[Tidemark] {}: {} ({})", message.monitor, one.rule, one.severity.name()),
        (many, _) => format!("[Tidemark] {}: {}", message.monitor, plural(many.len() as u64, "alert")),
    }
}

fn text(message: &Message, link: Option<&str>) -> String {
    let mut lines = vec![format!("{} (model {})", message.monitor, message.model)];
    if message.is_test {
        lines.push("This is a test. Nothing has happened.".to_owned());
    }
    for told in &message.alerts {
        let state = if told.is_over { "over" } else { told.severity.name() };
        lines.push(format!("{state}: {} – {}", told.rule, told.sentence));
    }
    lines.extend(link.map(str::to_owned));
    lines.join("\n")
}

/// The value of an environment variable that a channel names.
fn secret(variable: &str) -> Result<String, Sent> {
    std::env::var(variable).map_err(|_missing| Sent::Later(format!("the environment variable {variable} has no value")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Severity;
    use crate::store::Told;

    fn message(alerts: Vec<Told>) -> Message {
        let (monitor, model) = ("hourly".to_owned(), "fraud".to_owned());
        Message { id: "7-1-ops".to_owned(), monitor, model, snapshot: Some(3), written: 0, is_test: false, alerts }
    }

    fn told(rule: &str, is_over: bool) -> Told {
        let (rule, sentence) = (rule.to_owned(), "Amount drifted".to_owned());
        Told { alert: 1, rule, is_over, severity: Severity::Critical, sentence, began: 0 }
    }

    #[test]
    fn a_message_reads_as_a_sentence_and_leads_to_its_report() {
        let message = message(vec![told("drift", false), told("traffic", true)]);
        let sender = Sender::new(Vec::new(), Some("https://t.example/".to_owned()));
        let link = sender.link(&message);
        assert_eq!(
            text(&message, link.as_deref()),
            "hourly (model fraud)\ncritical: drift – Amount drifted\nover: traffic – Amount drifted\nhttps://t.example/reports/3"
        );
        assert_eq!(subject(&message), "[Tidemark] hourly: drift (critical)");
    }

    #[test]
    fn a_channel_has_one_kind() {
        let channel = |toml: &str| toml::from_str::<Channel>(toml).unwrap().check().is_ok();
        assert!(channel("name = 'a'\nalertmanager = { url = 'http://localhost:9093' }"));
        assert!(!channel("name = 'a'"));
        assert!(!channel("name = 'a'\nalertmanager = { url = 'http://a' }\nslack = { url_env = 'S' }"));
        assert!(!channel("name = 'a'\nemail = { server = 'nowhere', from = 'a@b.c', to = ['d@e.f'] }"));
        assert!(!channel("name = 'a'\nemail = { server = 'smtp://b.c', from = 'nobody', to = ['d@e.f'] }"));
        assert!(channel("name = 'a'\nemail = { server = 'smtp://b.c', from = 'Tidemark <a@b.c>', to = ['d@e.f'] }"));
    }

    #[test]
    fn a_channel_that_is_gone_takes_nothing() {
        let sender = Sender::new(Vec::new(), None);
        assert!(matches!(sender.send("ops", &message(Vec::new()), 0), Sent::Never(_)));
    }
}
