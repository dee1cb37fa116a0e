//! Channels against the real thing: a mail server (aiosmtpd, where `TIDEMARK_PYTHON` names a Python that has it) and Prometheus' Alertmanager
//! (where `prometheus-alertmanager` or `alertmanager` is installed).

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tidemark_watch::config::Config;
use tidemark_watch::deliver::Sender;
use tidemark_watch::monitor::Severity;
use tidemark_watch::store::{Message, Sent, Told};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "nobody listens");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn sender(channel: &str) -> Sender {
    let config = Config::from_toml(&format!("[[channel]]\nname = \"c\"\n{channel}")).unwrap();
    Sender::new(config.channels, Some("https://tidemark.example".to_owned()))
}

fn message(is_over: bool) -> Message {
    let (rule, sentence) = ("drift".to_owned(), "Größe drifted".to_owned());
    let told = Told { alert: 1, rule, is_over, severity: Severity::Critical, sentence, began: now() - 1000 };
    let (monitor, model) = ("hourly".to_owned(), "fraud".to_owned());
    Message {
        id: "7-1-c".to_owned(),
        monitor,
        model,
        snapshot: Some(3),
        written: now(),
        is_test: false,
        alerts: vec![told],
    }
}

fn now() -> i64 {
    i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn a_mail_server_takes_messages() {
    let python = std::env::var("TIDEMARK_PYTHON").unwrap_or_default();
    let has_it = Command::new(&python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
    if !has_it.is_ok_and(|status| status.success()) {
        println!("skipped: TIDEMARK_PYTHON names no Python with aiosmtpd");
        return;
    }
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let server =
        Command::new(&python).args(["-u", "-m", "aiosmtpd", "-n", "-l", &address]).stdout(Stdio::piped()).spawn();
    let mut server = Running(server.unwrap());
    wait_for(port);
    let sender = sender(&format!(
        "email = {{ server = \"smtp://{address}\", from = \"Tidemark <tidemark@example.org>\", to = [\"ada@example.org\", \"bo@example.org\"] }}"
    ));
    assert_eq!(sender.send("c", &message(false), now()), Sent::Taken);
    let mut came = Vec::new();
    for line in BufReader::new(server.0.stdout.take().unwrap()).lines() {
        came.push(line.unwrap());
        if came.last().unwrap().contains("END MESSAGE") {
            break;
        }
    }
    let came = came.join("\n");
    for part in [
        "Subject: [Tidemark] hourly: drift (critical)",
        "To: ada@example.org, bo@example.org",
        "Message-ID: <7-1-c@example.org>",
        "https://tidemark.example/reports/3",
    ] {
        assert!(came.contains(part), "{part}\n{came}");
    }
    drop(server);
    assert!(
        matches!(sender.send("c", &message(false), now()), Sent::Later(_)),
        "it is tried again when the server is back"
    );
}

/// The alerts that Alertmanager has, as its API gives them.
fn alerts(port: u16) -> Value {
    let url = format!("http://127.0.0.1:{port}/api/v2/alerts?active=true");
    let text = ureq::get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn alertmanager_takes_alerts_and_their_ends() {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let Some(program) = ["prometheus-alertmanager", "alertmanager"].into_iter().find(is_there) else {
        println!("skipped: Alertmanager is not installed");
        return;
    };
    let folder: PathBuf = std::env::temp_dir().join(format!("tidemark-alertmanager-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yml"), "route: { receiver: none }\nreceivers: [{ name: none }]\n").unwrap();
    let port = free_port();
    let server = Command::new(program)
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg(format!("--config.file={}", folder.join("config.yml").display()))
        .arg(format!("--storage.path={}", folder.join("data").display()))
        .arg("--cluster.listen-address=")
        .stderr(Stdio::null())
        .spawn();
    let server = Running(server.unwrap());
    wait_for(port);
    let sender = sender(&format!("alertmanager = {{ url = \"http://127.0.0.1:{port}\" }}\nallow_private = true"));
    // The port may be open before the program is ready.
    let deadline = Instant::now() + Duration::from_secs(10);
    while sender.send("c", &message(false), now()) != Sent::Taken {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(100));
    }
    let found = alerts(port);
    assert_eq!(found[0]["labels"]["alertname"], "drift", "{found}");
    assert_eq!(found[0]["annotations"]["summary"], "Größe drifted");
    assert_eq!(found[0]["generatorURL"], "https://tidemark.example/reports/3");
    assert_eq!(sender.send("c", &message(true), now()), Sent::Taken);
    while alerts(port) != serde_json::json!([]) {
        assert!(Instant::now() < deadline, "it is over");
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(server);
    drop(std::fs::remove_dir_all(folder));
}
