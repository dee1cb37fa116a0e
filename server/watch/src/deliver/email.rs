//! Channels that are reached by e-mail.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};
use std::time::Duration;

use super::{Email, secret};
use crate::monitor::Invalid;
use crate::store::Sent;

/// A mail server has so long to take a message.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn check(email: &Email) -> Result<(), Invalid> {
    SmtpTransport::from_url(&email.server).map_err(|error| Invalid::new("email.server", error.to_string()))?;
    mailbox("email.from", &email.from)?;
    for to in &email.to {
        mailbox("email.to", to)?;
    }
    if email.to.is_empty() {
        return Err(Invalid::new("email.to", "somebody has to get it"));
    }
    if email.user.is_some() != email.password_env.is_some() {
        return Err(Invalid::new("email.user", "user and password_env go together"));
    }
    Ok(())
}

fn mailbox(field: &str, text: &str) -> Result<Mailbox, Invalid> {
    text.parse().map_err(|error| Invalid::new(field, format!("{text:?}: {error}")))
}

pub(super) fn send(email: &Email, subject: &str, text: &str, id: &str) -> Sent {
    let message = match message(email, subject, text, id) {
        Ok(message) => message,
        Err(reason) => return Sent::Never(reason),
    };
    let transport = match SmtpTransport::from_url(&email.server) {
        Ok(transport) => transport.timeout(Some(PATIENCE)),
        Err(error) => return Sent::Never(error.to_string()),
    };
    let transport = match (&email.user, &email.password_env) {
        (Some(user), Some(variable)) => match secret(variable) {
            Ok(password) => transport.credentials(Credentials::new(user.clone(), password)),
            Err(sent) => return sent,
        },
        _ => transport,
    };
    match transport.build().send(&message) {
        Ok(_taken) => Sent::Taken,
        Err(error) if error.is_permanent() => Sent::Never(error.to_string()),
        Err(error) => Sent::Later(error.to_string()),
    }
}

fn message(email: &Email, subject: &str, text: &str, id: &str) -> Result<Message, String> {
    let from = mailbox("from", &email.from).map_err(|error| error.to_string())?;
    let domain = from.email.domain().to_owned();
    // The same each time, so that a mail program shows a message that came twice once.
    let mut builder = Message::builder().from(from).subject(subject).message_id(Some(format!("<{id}@{domain}>")));
    for to in &email.to {
        builder = builder.to(mailbox("to", to).map_err(|error| error.to_string())?);
    }
    builder.header(ContentType::TEXT_PLAIN).body(text.to_owned()).map_err(|error| error.to_string())
}
