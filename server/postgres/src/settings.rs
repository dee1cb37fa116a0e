//! The two ways to write an address, taken apart into names and values: a URL, and PostgreSQL's own `name=value name=value`.

use std::str::Chars;

/// Names and values in the order they were written.
pub(crate) type Settings = Vec<(String, String)>;

/// Reads either form. Errors quote no value, as any of them may be a password in the wrong place.
pub(crate) fn read(text: &str) -> Result<Settings, String> {
    let text = text.trim();
    match ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) => of_url(rest),
        None if text.contains("://") => Err("expected postgres://user@host:port/database".to_owned()),
        None => of_pairs(text),
    }
}

/// `user:password@host:port,host:port/database?name=value&name=value`, each part percent-encoded where need be.
fn of_url(rest: &str) -> Result<Settings, String> {
    let mut settings = Settings::new();
    let mut add = |name: &str, value: &str| -> Result<(), String> {
        if !value.is_empty() {
            settings.push((name.to_owned(), decode(value)?));
        }
        Ok(())
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    // An @ within a password has to be encoded; where it is not, the last one is meant.
    let (credentials, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    add("user", user)?;
    add("password", password)?;
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => {
                let (name, port) = rest.split_once(']').ok_or("a host that begins with [ has to end with ]")?;
                (name, port.strip_prefix(':').unwrap_or(""))
            }
            None => host.rsplit_once(':').unwrap_or((host, "")),
        };
        names.push(name);
        ports.push(port);
    }
    add("host", &names.join(","))?;
    if ports.iter().any(|port| !port.is_empty()) {
        add("port", &ports.join(","))?;
    }
    add("dbname", database)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("expected name=value after the ?")?;
        add(&decode(name)?, value)?;
    }
    Ok(settings)
}

/// Percent-encoding undone.
fn decode(text: &str) -> Result<String, String> {
    let wrong = || "a % that is not followed by two hex digits".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or_else(wrong)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (high, low) = digit(digits[0]).zip(digit(digits[1])).ok_or_else(wrong)?;
        bytes.push(high * 16 + low);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_not_text| "a part that is not UTF-8".to_owned())
}

/// `host=… user=… password='with \' and spaces'`.
fn of_pairs(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::new();
    let mut chars = text.chars();
    loop {
        let mut name = String::new();
        let is_over = loop {
            match chars.next() {
                None => break true,
                Some('=') => break false,
                Some(letter) if letter.is_whitespace() && name.is_empty() => {}
                Some(letter) => name.push(letter),
            }
        };
        if is_over {
            return if name.is_empty() {
                Ok(settings)
            } else {
                Err("expected postgres://user@host/database or name=value pairs".to_owned())
            };
        }
        let value = value_of(&mut chars)?;
        settings.push((name.trim_end().to_owned(), value));
    }
}

fn value_of(chars: &mut Chars<'_>) -> Result<String, String> {
    let is_quoted = {
        let rest = chars.as_str();
        *chars = rest.trim_start().chars();
        chars.as_str().starts_with('\'')
    };
    let mut value = String::new();
    if is_quoted {
        chars.next();
    }
    loop {
        match chars.next() {
            Some('\\') => value.extend(chars.next()),
            Some('\'') if is_quoted => return Ok(value),
            Some(letter) if letter.is_whitespace() && !is_quoted => return Ok(value),
            Some(letter) => value.push(letter),
            None if is_quoted => return Err("a quote that is not closed".to_owned()),
            None => return Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn pairs(text: &str) -> Vec<(String, String)> {
        read(text).unwrap()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_url_is_taken_apart() {
        let settings =
            pairs("postgres://ada:p%40ss%3aword@db1:5433,[::1]/tide%20mark?sslmode=require&connect_timeout=3");
        let expected = [
            pair("user", "ada"),
            pair("password", "p@ss:word"),
            pair("host", "db1,::1"),
            pair("port", "5433,"),
            pair("dbname", "tide mark"),
            pair("sslmode", "require"),
            pair("connect_timeout", "3"),
        ];
        assert_eq!(settings, expected);
        assert_eq!(pairs("postgresql://%2Frun%2Fpg/t"), [pair("host", "/run/pg"), pair("dbname", "t")]);
        assert_eq!(pairs("postgres://"), []);
        assert_eq!(
            pairs("postgres://ada:p@ss@host"),
            [pair("user", "ada"), pair("password", "p@ss"), pair("host", "host")]
        );
    }

    #[test]
    fn pairs_may_be_quoted() {
        let settings = pairs(r" host=/run/pg user = ada password='it\'s a \\ secret' dbname=t");
        let expected =
            [pair("host", "/run/pg"), pair("user", "ada"), pair("password", r"it's a \ secret"), pair("dbname", "t")];
        assert_eq!(settings, expected);
    }

    #[test]
    fn what_does_not_read_is_refused_without_being_quoted() {
        for wrong in [
            "mysql://u:secret@h/d",
            "secret",
            "host=h secret",
            "password='secret",
            "postgres://u:secret%4@h",
            "postgres://u:secret@h/d?secret",
            "postgres://u:secret%ff@h",
            "postgres://u:secret@[h/d",
        ] {
            let error = read(wrong).unwrap_err();
            assert!(!error.contains("secret"), "{wrong}: {error}");
        }
    }
}
