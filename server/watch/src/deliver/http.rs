//! Channels that are called by HTTP.

use serde_json::{Value, json};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Uri;
use ureq::unversioned::transport::DefaultConnector;

use super::address::Guard;
use super::{Alertmanager, Slack, Webhook, secret, sign};
use crate::monitor::Invalid;
use crate::store::{Message, Sent};
use crate::{Millis, rfc3339};

/// A channel has so long to take a message.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn check_url(field: &str, url: &str) -> Result<(), Invalid> {
    let uri: Uri = url.parse().map_err(|error| Invalid::new(field, format!("{url:?} is no address: {error}")))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(Invalid::new(field, format!("{url:?} is no http or https address")));
    }
    Ok(())
}

pub(super) fn webhook(
    allow_private: bool,
    webhook: &Webhook,
    message: &Message,
    link: Option<&str>,
    now: Millis,
) -> Sent {
    let body =
        json!({ "type": "tidemark.alerts", "timestamp": rfc3339(now), "link": link, "data": message }).to_string();
    let seconds = now / 1000;
    let mut headers = vec![
        ("webhook-id", message.id.clone()),
        ("idempotency-key", message.id.clone()),
        ("webhook-timestamp", seconds.to_string()),
    ];
    if let Some(variable) = &webhook.secret_env {
        match secret(variable) {
            Ok(secret) => headers.push(("webhook-signature", sign(&secret, &message.id, seconds, &body))),
            Err(sent) => return sent,
        }
    }
    post(allow_private, &webhook.url, &headers, body)
}

pub(super) fn slack(allow_private: bool, slack: &Slack, text: &str) -> Sent {
    match secret(&slack.url_env) {
        Ok(url) => post(allow_private, &url, &[], json!({ "text": escaped(text) }).to_string()),
        Err(sent) => sent,
    }
}

/// Slack takes three characters for markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(super) fn alertmanager(
    allow_private: bool,
    alertmanager: &Alertmanager,
    message: &Message,
    link: Option<&str>,
    now: Millis,
) -> Sent {
    let url = format!("{}/api/v2/alerts", alertmanager.url.trim_end_matches('/'));
    post(allow_private, &url, &[], alerts_for_prometheus(message, link, now).to_string())
}

/// The body of Alertmanager's API v2. An alert goes on there until it is said to have ended, so one that goes on ends far ahead.
fn alerts_for_prometheus(message: &Message, link: Option<&str>, now: Millis) -> Value {
    const FAR: Millis = 30 * 86_400_000;
    let alert = |told: &crate::store::Told| {
        json!({
            "labels": {
                "alertname": told.rule, "monitor": message.monitor, "model": message.model, "severity": told.severity.name(),
            },
            "annotations": { "summary": told.sentence, "message_id": message.id },
            "startsAt": rfc3339(told.began),
            "endsAt": rfc3339(if told.is_over { now } else { now + FAR }),
            "generatorURL": link.unwrap_or_default(),
        })
    };
    message.alerts.iter().map(alert).collect()
}

fn post(allow_private: bool, url: &str, headers: &[(&str, String)], body: String) -> Sent {
    let config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        // Whoever redirects could lead anywhere.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("tidemark/", env!("CARGO_PKG_VERSION")))
        .build();
    let agent = Agent::with_parts(config, DefaultConnector::default(), Guard::new(allow_private));
    let mut request = agent.post(url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    match request.send(body) {
        Ok(response) if response.status().is_success() => Sent::Taken,
        // What the receiver does not understand today it will not understand tomorrow; 408, 409, 425 and 429 are about time.
        Ok(response)
            if response.status().is_client_error()
                && !matches!(response.status().as_u16(), 401 | 403 | 404 | 408 | 409 | 425 | 429) =>
        {
            Sent::Never(format!("it answered {}", response.status()))
        }
        Ok(response) => Sent::Later(format!("it answered {}", response.status())),
        // The address is not in the reason: Slack's is a secret.
        Err(error) => Sent::Later(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    /// Answers one request with this status line and gives what it was asked.
    fn answer_once(status: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let asked = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut buffer = [0; 4096];
            loop {
                let n = stream.read(&mut buffer).unwrap();
                asked.extend_from_slice(&buffer[..n]);
                let text = String::from_utf8_lossy(&asked);
                let length =
                    text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
                let is_whole =
                    text.split_once("\r\n\r\n").zip(length).is_some_and(|((_, body), length)| body.len() >= length);
                if n == 0 || is_whole {
                    break;
                }
            }
            stream
                .write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes())
                .unwrap();
            String::from_utf8(asked).unwrap()
        });
        (url, asked)
    }

    fn message() -> Message {
        let (monitor, model) = ("hourly".to_owned(), "fraud".to_owned());
        let told = crate::store::Told {
            alert: 1,
            rule: "drift".to_owned(),
            is_over: false,
            severity: crate::monitor::Severity::Warning,
            sentence: "Amount <drifted>".to_owned(),
            began: 0,
        };
        Message {
            id: "7-1-ops".to_owned(),
            monitor,
            model,
            snapshot: None,
            written: 0,
            is_test: false,
            alerts: vec![told],
        }
    }

    #[test]
    fn a_webhook_gets_a_message_with_its_key() {
        let (url, asked) = answer_once("204 No Content");
        let sent = webhook(true, &Webhook { url, secret_env: None }, &message(), None, 1_700_000_000_000);
        assert_eq!(sent, Sent::Taken);
        let asked = asked.join().unwrap();
        assert!(asked.contains("\r\nwebhook-id: 7-1-ops\r\n"), "{asked}");
        assert!(asked.contains("\r\nidempotency-key: 7-1-ops\r\n"), "{asked}");
        let body: Value = serde_json::from_str(asked.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(body["data"]["alerts"][0]["severity"], "warning");
        assert_eq!(body["timestamp"], "2023-11-14T22:13:20.000Z");
    }

    #[test]
    fn what_will_never_be_taken_is_told_from_what_may() {
        for (status, is_later) in [("500 Oops", true), ("429 Slow", true), ("302 Found", true), ("400 Bad", false)] {
            let (url, asked) = answer_once(status);
            let sent = webhook(true, &Webhook { url, secret_env: None }, &message(), None, 0);
            assert_eq!(matches!(sent, Sent::Later(_)), is_later, "{status}: {sent:?}");
            asked.join().unwrap();
        }
    }

    #[test]
    fn private_addresses_are_refused_unless_they_are_allowed() {
        for url in [
            "http://127.0.0.1:9/",
            "http://localhost:9/",
            "http://[::1]:9/",
            "http://169.254.169.254/",
            "http://2130706433/",
        ] {
            let sent = webhook(false, &Webhook { url: url.to_owned(), secret_env: None }, &message(), None, 0);
            assert!(matches!(&sent, Sent::Later(reason) if reason.contains("private network")), "{url}: {sent:?}");
        }
    }

    #[test]
    fn alertmanager_gets_labels_a_beginning_and_an_end() {
        let alerts = alerts_for_prometheus(&message(), Some("https://t.example/alerts"), 1000);
        assert_eq!(alerts[0]["labels"]["alertname"], "drift");
        assert_eq!(alerts[0]["startsAt"], "1970-01-01T00:00:00.000Z");
        assert_eq!(alerts[0]["generatorURL"], "https://t.example/alerts");
    }

    #[test]
    fn slack_gets_text_and_no_markup() {
        assert_eq!(escaped("<!channel> & co"), "&lt;!channel&gt; &amp; co");
    }
}
