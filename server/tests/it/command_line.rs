//! The binary, run as a person would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Folder, current, model_file, reference};

pub fn tidemark(folder: &Folder, args: &[&str]) -> Output {
    command(folder, args).output().expect("the binary runs")
}

pub fn command(folder: &Folder, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidemark"));
    command.args(args).current_dir(&folder.0).stdin(Stdio::null());
    command
}

pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `tidemark serve` with model.tidemark on a free port; it ends with the test.
pub struct Serving {
    process: Child,
    /// Where it is, with a slash at the end.
    pub url: String,
}

impl Serving {
    /// `change` may add flags and say where its log goes.
    pub fn of(folder: &Folder, change: impl FnOnce(&mut Command)) -> Self {
        let mut serve =
            command(folder, &["serve", "--model", "model.tidemark", "--listen", "127.0.0.1:0", "--data-dir", "d"]);
        serve.stdout(Stdio::piped()).stderr(Stdio::null());
        change(&mut serve);
        let mut process = serve.spawn().expect("the binary runs");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().expect("it is piped")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("Tidemark is at ").expect(&line).to_owned();
        Self { process, url }
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        let began = Instant::now();
        let status = self.process.wait().expect("it was started");
        assert!(status.success(), "{status}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A folder with reference.csv, current.csv and a model.
pub fn prepared() -> Folder {
    let folder = Folder::new();
    for (name, data) in [("reference.csv", reference()), ("current.csv", current())] {
        let mut csv = Vec::new();
        tidemark::data::csv::write(data, &mut csv).unwrap();
        std::fs::write(folder.path(name), csv).unwrap();
    }
    std::fs::write(folder.path("model.tidemark"), model_file()).unwrap();
    folder
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn help_teaches_every_command() {
    let folder = Folder::new();
    let help = stdout(&tidemark(&folder, &["--help"]));
    for command in [
        "demo",
        "example",
        "train",
        "import",
        "predict",
        "serve",
        "models",
        "simulate",
        "report",
        "expect",
        "check",
        "performance",
        "detectors",
        "watch",
        "log",
    ] {
        assert!(help.contains(command), "{command}");
        assert!(stdout(&tidemark(&folder, &[command, "--help"])).contains("Usage:"), "{command}");
    }
    assert_eq!(tidemark(&folder, &["no-such-command"]).status.code(), Some(2));
    assert_eq!(tidemark(&folder, &["report", "a.csv"]).status.code(), Some(2));
}

#[test]
fn the_example_is_the_same_every_time() {
    let folder = Folder::new();
    for out in ["a", "b"] {
        stdout(&tidemark(&folder, &["example", "--rows", "500", "--seed", "3", "--out", out]));
    }
    for name in ["reference.csv", "current.csv"] {
        let made = read(&folder.path("a").join(name));
        assert_eq!(made, read(&folder.path("b").join(name)));
        assert!(made.starts_with("Time,V1,V2,"), "{}", &made[..40]);
        assert_eq!(made.lines().count(), 501);
    }
}

#[test]
fn train_and_predict_work_on_files() {
    let folder = prepared();
    let args = ["train", "reference.csv", "--target", "Class", "--out", "m.tidemark", "--trees", "3"];
    let figures = stdout(&tidemark(&folder, &args));
    assert!(figures.contains("3 trees on 2,400 rows"), "{figures}");
    stdout(&tidemark(&folder, &["predict", "m.tidemark", "current.csv", "--out", "scored.csv"]));
    let scored = read(&folder.path("scored.csv"));
    assert!(scored.lines().next().unwrap().ends_with(",Class,prediction,probability"));
    assert_eq!(scored.lines().count(), 3001);
}

#[test]
fn evidentlys_methods_and_thresholds_are_set_for_a_column_a_type_or_all() {
    let folder = prepared();
    let report = |flags: &[&str]| {
        let args = [&["report", "reference.csv", "current.csv", "--format", "json"], flags].concat();
        serde_json::from_str::<tidemark::report::DriftReport>(&stdout(&tidemark(&folder, &args))).unwrap()
    };
    let flags =
        ["--test", "ks", "--test", "V1=psi", "--cat-test", "TVD", "--threshold", "0.01", "--threshold", "V1=0.3"];
    let report = report(&flags);
    let used = |name: &str| {
        let outcome = report.column(name).and_then(|column| column.evidently.outcome()).expect(name);
        (outcome.method.name(), outcome.threshold)
    };
    assert_eq!(used("V1"), ("psi", 0.3));
    assert_eq!(used("V2"), ("ks", 0.01));
    assert_eq!(used("Class"), ("TVD", 0.01));
    for wrong in [["--test", "V1=nothing"], ["--threshold", "V1=-1"], ["--threshold", "NaN"], ["--typing", "0.5"]] {
        let output = tidemark(&folder, &["report", "reference.csv", "current.csv", wrong[0], wrong[1]]);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    let unknown = tidemark(&folder, &["report", "reference.csv", "current.csv", "--threshold", "V99=0.1"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("V99"));
}

#[test]
fn reports_come_in_three_formats_and_two_profiles() {
    let folder = prepared();
    let json = stdout(&tidemark(
        &folder,
        &["report", "reference.csv", "current.csv", "--format", "json", "--profile", "evidently"],
    ));
    let report: tidemark::report::DriftReport = serde_json::from_str(&json).unwrap();
    assert_eq!(report.columns.len(), 31);
    assert_eq!(report.settings.judge.name(), "evidently");
    assert_eq!(report.settings.drift_share(), 0.5);
    let text = stdout(&tidemark(&folder, &["report", "reference.csv", "current.csv"]));
    assert!(text.contains("Amount") && text.contains("calibrated profile"), "{text}");
    let args =
        ["report", "reference.csv", "current.csv", "--format", "html", "--out", "r.html", "--prediction", "Class"];
    stdout(&tidemark(&folder, &args));
    let html = read(&folder.path("r.html"));
    assert!(html.contains("Prediction drift") && !html.contains("<script"), "no script is needed to read it");
    assert!(html.len() < 200_000, "{} bytes", html.len());
}

#[test]
fn reports_say_as_much_about_quality_as_asked() {
    let folder = prepared();
    let report = |flags: &[&str]| -> tidemark::report::DriftReport {
        let args = [&["report", "reference.csv", "current.csv", "--format", "json"], flags].concat();
        serde_json::from_str(&stdout(&tidemark(&folder, &args))).unwrap()
    };
    assert!(report(&["--quality", "off"]).quality.is_none());
    let quality = report(&[]).quality.unwrap();
    assert_eq!((quality.columns.len(), quality.correlations.len()), (31, 0));
    assert!(!report(&["--quality", "full"]).quality.unwrap().correlations.is_empty());
    let text = stdout(&tidemark(&folder, &["report", "reference.csv", "current.csv", "--quality", "full"]));
    assert!(text.contains("\nData quality\n") && text.contains("Pearson of "), "{text}");
    assert_eq!(tidemark(&folder, &["report", "a.csv", "b.csv", "--quality", "some"]).status.code(), Some(2));
}

#[test]
fn expectations_are_learnt_edited_and_checked() {
    let folder = prepared();
    let run = |args: &[&str]| {
        let output = tidemark(&folder, args);
        let [out, error] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        (output.status.code(), out, error)
    };
    stdout(&tidemark(&folder, &["expect", "reference.csv", "--out", "e.json"]));
    let (code, text, _) = run(&["check", "e.json", "reference.csv"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(" met"), "{text}");
    let (code, text, error) = run(&["check", "e.json", "current.csv"]);
    assert_eq!(code, Some(3), "the example drifts: {text}");
    assert!(text.contains("  fail ") && error.starts_with("not met: "), "{text}{error}");

    let json = run(&["check", "e.json", "current.csv", "--format", "json"]).1;
    let report: tidemark::expectations::CheckReport = serde_json::from_str(&json).unwrap();
    assert_eq!(report.rows, 3000);
    assert_eq!(report.failures().count() as u64, report.failed);
    let xml = run(&["check", "e.json", "current.csv", "--format", "junit"]).1;
    assert!(xml.contains(&format!("failures=\"{}\"", report.failed)), "{xml}");

    // The same in TOML, with a bound that a person has drawn.
    let toml = stdout(&tidemark(&folder, &["expect", "reference.csv", "--format", "toml"]));
    std::fs::write(folder.path("e.toml"), &toml).unwrap();
    assert_eq!(run(&["check", "e.toml", "current.csv", "--format", "json"]).1, json);
    let edited = toml + "\n[[columns]]\nname = \"Amount2\"\nmissing_share = { at_most = \"none\" }\n";
    std::fs::write(folder.path("edited.toml"), edited).unwrap();
    let (code, _, error) = run(&["check", "edited.toml", "current.csv"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("edited.toml: column \"Amount2\", field \"missing_share\": invalid type"), "{error}");
    assert_eq!(run(&["check", "e.json", "nope.csv"]).0, Some(1));

    let text = run(&["report", "reference.csv", "current.csv", "--expectations", "e.json"]).1;
    assert!(text.contains(" failed: "), "{text}");
    stdout(&tidemark(
        &folder,
        &["report", "reference.csv", "current.csv", "--expectations", "e.json", "--format", "html", "--out", "r.html"],
    ));
    let html = read(&folder.path("r.html"));
    assert!(html.contains("<h2>Expectations</h2>") && html.contains("<h2>Data quality</h2>"));
}

#[test]
fn the_nannyml_profile_goes_chunk_by_chunk() {
    let folder = prepared();
    let args = ["report", "reference.csv", "current.csv", "--profile", "nannyml", "--chunk-number", "6"];
    let text = stdout(&tidemark(&folder, &args));
    assert!(text.contains("nannyml profile") && text.contains(" of 6 chunks, first ["), "{text}");
    let html = stdout(&tidemark(&folder, &[&args[..], &["--format", "html"]].concat()));
    assert!(html.contains("NannyML 0.13") && html.contains(" of 6 chunks, first ["));
    let refused = tidemark(&folder, &[&args[..], &["--chunk-period", "M"]].concat());
    assert!(!refused.status.success(), "periods need a column of timestamps");
}

#[test]
fn embeddings_corrections_and_thresholds_have_flags_and_their_errors_name_them() {
    let folder = prepared();
    let report = |flags: &str| {
        let args: Vec<&str> = "report reference.csv current.csv".split(' ').chain(flags.split(' ')).collect();
        tidemark(&folder, &args)
    };
    let names = ["V1", "V2", "V3"].join(",");
    let json = stdout(&report(&format!("--embedding v={names} --embedding-method v=distance --format json")));
    let found: serde_json::Value = serde_json::from_str(&json).expect("a report is JSON");
    assert_eq!(found["embeddings"].as_array().map(Vec::len), Some(1), "{}", found["embeddings"]);
    let correction = |flag: &str| {
        let json = stdout(&report(&format!("--correction {flag} --format json")));
        let found: serde_json::Value = serde_json::from_str(&json).expect("a report is JSON");
        found["settings"]["calibrated"]["correction"].clone()
    };
    assert_eq!([correction("bh"), correction("by")], ["benjamini_hochberg", "benjamini_yekutieli"]);
    let alerts = |flag: &str| stdout(&report(&format!("--profile nannyml {flag}")));
    assert_ne!(alerts("--chunk-threshold jensen_shannon=..0"), alerts("--chunk-threshold jensen_shannon=..1"));
    for (flags, named) in [
        ("--embedding v=nosuch", "--embedding"),
        ("--embedding-method v=mmd", "--embedding-method"),
        ("--correction bonferroni", "--correction"),
        ("--chunk-threshold psi=..1", "--chunk-threshold"),
        ("--chunk-deviations wasserstein=3", "--chunk-deviations"),
    ] {
        let refused = report(flags);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(named), "{flags}: {said}");
    }
}

#[test]
fn errors_are_one_sentence_and_exit_with_one() {
    let folder = prepared();
    std::fs::write(folder.path("broken.csv"), "a,b\n1,2\n3\n").unwrap();
    std::fs::write(folder.path("other.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(folder.path("broken.tidemark"), &model_file()[..1000]).unwrap();
    for (args, words) in [
        (vec!["report", "reference.csv", "nope.csv"], "nope.csv: No such file"),
        (vec!["report", "reference.csv", "broken.csv"], "broken.csv: line 3 has 1 cells where the header has 2"),
        (vec!["report", "reference.csv", "current.csv", "--target", "label"], "no column is called \"label\""),
        (vec!["predict", "broken.tidemark", "current.csv", "--out", "x.csv"], "broken.tidemark"),
        (
            vec!["predict", "model.tidemark", "other.csv", "--out", "x.csv"],
            "other.csv: the data lack the feature \"Time\"",
        ),
        (vec!["train", "reference.csv", "--target", "label", "--out", "x"], "label"),
        (vec!["serve", "--model", "nope.tidemark"], "nope.tidemark"),
        (
            vec!["simulate", "--input-file", "current.csv", "--endpoint", "http://127.0.0.1:9/predict"],
            "is the server running?",
        ),
    ] {
        let output = tidemark(&folder, &args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {error}");
        assert!(error.contains(words), "{args:?}: {error}");
        assert!(!error.contains("panicked"), "{args:?}: {error}");
    }
    assert!(!folder.path("x.csv").exists() && !folder.path("x").exists(), "nothing is left of a failure");
}

#[test]
fn watch_survives_a_bad_file_and_takes_both_spellings() {
    let folder = prepared();
    stdout(&tidemark(&folder, &["predict", "model.tidemark", "reference.csv", "--out", "p.csv"]));
    std::fs::write(folder.path("broken.csv"), "a,b\n1,2\n3\n").unwrap();
    let output = tidemark(
        &folder,
        &[
            "watch",
            "--reference_data_path",
            "reference.csv",
            "--current-data-path",
            "broken.csv",
            "--reference_prediction_path",
            "p.csv",
            "--current-prediction-path",
            "p.csv",
            "--drift_report_path",
            "data.html",
            "--prediction-drift-report-path",
            "predictions.html",
            "--interval",
            "1",
            "--rounds",
            "2",
        ],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("data drift was not refreshed: broken.csv: line 3").count(), 2, "{said}");
    assert!(!folder.path("data.html").exists());
    assert!(read(&folder.path("predictions.html")).contains("prediction"));
}

#[test]
fn a_served_model_is_simulated_against_and_stops_at_a_signal() {
    let folder = prepared();
    let mut server = Serving::of(&folder, |_| ());
    let endpoint = format!("{}predict", server.url);

    let args = [
        "simulate",
        "--input_file",
        "current.csv",
        "--endpoint",
        &endpoint,
        "--delay",
        "0",
        "--execution-mode",
        "parallel",
    ];
    let summary = stdout(&tidemark(&folder, &args));
    assert!(summary.starts_with("3,000 rows answered"), "{summary}");
    let log = read(&folder.path("sim_log_file.txt"));
    assert_eq!(log.lines().count(), 3000);
    assert!(log.lines().all(|line| line.contains(" - INFO - API response: {")), "{log}");

    server.stop();
}

#[test]
fn moments_are_known_by_their_text_and_unix_times_by_a_flag() {
    let folder = Folder::new();
    // A row every ten minutes from 2024-05-01 on, as text and in seconds.
    let log = |first: u64, n: u64| {
        (first..first + n).fold("at,seconds\n".to_owned(), |text, row| {
            let (day, minute) = (1 + row / 144, row % 144 * 10);
            let seconds = 1_714_521_600 + row * 600;
            format!("{text}2024-05-{day:02} {:02}:{:02},{seconds}\n", minute / 60, minute % 60)
        })
    };
    std::fs::write(folder.path("may.csv"), log(0, 144 * 15)).unwrap();
    std::fs::write(folder.path("later.csv"), log(144 * 15, 144 * 10)).unwrap();
    let args = ["report", "may.csv", "later.csv", "--format", "json", "--type", "seconds=datetime"];
    let report: tidemark::report::DriftReport = serde_json::from_str(&stdout(&tidemark(&folder, &args))).unwrap();
    for column in &report.columns {
        assert_eq!(column.column_type.name(), "datetime", "{}", column.name);
        assert_eq!(column.calibrated.verdict.name(), "stable", "{}: {:?}", column.name, column.calibrated);
    }
    let text = stdout(&tidemark(&folder, &["report", "may.csv", "later.csv"]));
    assert!(text.contains("Rows: 6 an hour, 6 an hour"), "{text}");
    assert!(!tidemark(&folder, &["report", "may.csv", "later.csv", "--type", "at=moment"]).status.success());
}

#[test]
fn keys_are_made_listed_rotated_and_revoked() {
    let folder = Folder::new();
    let created =
        stdout(&tidemark(&folder, &["keys", "create", "--role", "read", "--name", "wall", "--expires", "90d"]));
    let key = created.trim();
    assert!(key.starts_with("tdm_") && key.len() == 47, "{key}");
    let list = || stdout(&tidemark(&folder, &["keys", "list"]));
    let listed = list();
    assert!(listed.contains("wall") && listed.contains("valid") && !listed.contains(key), "{listed}");
    let id = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let rotated = stdout(&tidemark(&folder, &["keys", "rotate", &id]));
    assert_ne!(rotated.trim(), key);
    let lines = list();
    let states: Vec<_> = lines.lines().skip(1).map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(states, ["revoked", "valid"]);
    assert!(!tidemark(&folder, &["keys", "revoke", &id]).status.success(), "it has been");
    for entry in std::fs::read_dir(folder.path("tidemark-data")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "the key itself is kept nowhere");
    }
}

#[test]
fn no_secret_is_in_the_log() {
    let folder = prepared();
    let create =
        |role| stdout(&tidemark(&folder, &["keys", "create", "--data-dir", "d", "--role", role])).trim().to_owned();
    let (key, other) = (create("read"), create("admin"));
    let mut server = Serving::of(&folder, |serve| {
        let log = std::fs::File::create(folder.path("log.txt")).unwrap();
        serve.arg("--require-keys").env("TIDEMARK_LOG", "trace").stderr(log);
    });
    let host = server.url.trim_start_matches("http://").trim_end_matches('/');
    let send = |method: &str, path: &str, headers: &str, body: &str| {
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let entered = send("POST", "/sign-in", form, &format!("key={key}&to=/"));
    let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next()).expect(&entered);
    let session = cookie.split_once('=').unwrap().1;
    send("GET", &format!("/reports?key={key}"), &format!("cookie: {cookie}\r\n"), "");
    send("POST", "/predict", &format!("authorization: Bearer {key}\r\n"), "{}");
    send("POST", "/nope", &format!("authorization: Basic {other}\r\n"), &other);
    send("GET", &format!("/metrics?key={key}"), "", "");
    server.stop();
    let log = read(&folder.path("log.txt"));
    for said in [" INFO signed in", "DEBUG a request was refused"] {
        assert!(log.contains(said), "{said} is in {log}");
    }
    for secret in [&key, &other, session] {
        assert!(!secret.is_empty() && !log.contains(secret), "{secret} is in {log}");
    }
}

#[test]
fn a_service_that_others_can_reach_does_not_start_without_a_key() {
    let folder = prepared();
    for flags in [&["--listen", "0.0.0.0:0"][..], &["--trust-proxy", "--listen", "127.0.0.1:0"]] {
        let output = tidemark(&folder, &[&["serve", "--model", "model.tidemark"], flags].concat());
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("tidemark keys create"), "{flags:?}");
    }
}

/// A folder with a log of three predictions, one of which was made a day later.
fn logged() -> Folder {
    use tidemark_log::{Answers, Entry, Feature, Features, Id, Kind, Layout, Line, Log, Options, Origin, Outcome};
    let folder = Folder::new();
    let log = Log::open(&folder.path("data"), Options::default()).unwrap();
    let features = vec![Feature { name: "Amount".into(), kind: Kind::Number }];
    let layout = Layout { features, answers: Answers::Numbers };
    let stream = log.stream(Line::predictions("prices"), "1", layout).unwrap();
    // date -u -d 2026-11-24 +%s
    for (n, time) in [1_795_478_400_000, 1_795_478_400_001, 1_795_564_800_000].into_iter().enumerate() {
        let entry = Entry {
            id: Id::given(&format!("order {n}")).unwrap(),
            is_fresh: false,
            time,
            origin: Origin::Answered,
            features: Features::Numbers(&[n as f64]),
            outcome: Outcome::Number(0.5),
            scores: &[],
            violations: &[],
            request_id: None,
        };
        log.append_blocking(&stream, &entry).unwrap();
        if n == 1 {
            log.seal().unwrap();
        }
    }
    folder
}

#[test]
fn a_log_is_verified_replayed_and_exported() {
    let folder = logged();
    let log = |args: &[&str]| tidemark(&folder, &[&["log"], args, &["--data-dir", "data"]].concat());
    for command in ["verify", "replay", "export"] {
        let nowhere = tidemark(&folder, &["log", command, "--data-dir", "nowhere"]);
        assert_eq!(nowhere.status.code(), Some(1), "{command}");
        let said = String::from_utf8_lossy(&nowhere.stderr);
        assert!(said.contains("there is no log in nowhere"), "{command}: {said}");
    }
    assert!(stdout(&log(&["verify"])).starts_with("1 lines, 2 records in 1 segments, 1 in the write-ahead log"));
    assert_eq!(stdout(&log(&["replay"])), "{\"Amount\":0.0}\n{\"Amount\":1.0}\n{\"Amount\":2.0}\n");
    assert_eq!(stdout(&log(&["replay", "--from", "2026-11-25"])), "{\"Amount\":2.0}\n");
    assert_eq!(stdout(&log(&["export", "--to", "2026-11-25"])).lines().count(), 2);
    assert_eq!(stdout(&log(&["export", "--format", "csv"])).lines().count(), 4);
    stdout(&log(&["export", "--format", "parquet", "--out", "all.parquet"]));
    assert!(std::fs::read(folder.path("all.parquet")).unwrap().starts_with(b"PAR1"));
    assert_eq!(log(&["export", "--model", "nobody"]).status.code(), Some(1));
    assert_eq!(tidemark(&folder, &["log", "verify", "--data-dir", "data"]).status.code(), Some(0));
    let part = folder.path("data/predictions/model=prices");
    let day = std::fs::read_dir(part).unwrap().next().unwrap().unwrap().path();
    std::fs::write(day.join("part-1-3.parquet"), b"PAR1").unwrap();
    let damaged = log(&["verify"]);
    assert_eq!(damaged.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("part-1-3.parquet is damaged"));
}

#[test]
fn tables_come_in_every_common_format_and_from_standard_input() {
    let folder = prepared();
    let texts = "moment,x,name\n2026-01-01T00:00:00Z,1.5,a\n2026-01-02T00:00:00Z,,b\n2026-01-03T00:00:00Z,2.5,\n";
    std::fs::write(folder.path("r.csv"), texts).unwrap();
    let ndjson: Vec<String> = texts
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = if cells[1].is_empty() { "null" } else { cells[1] };
            let name = if cells[2].is_empty() { "null".to_owned() } else { format!("{:?}", cells[2]) };
            format!("{{\"moment\": {:?}, \"x\": {number}, \"name\": {name}}}", cells[0])
        })
        .collect();
    std::fs::write(folder.path("c.ndjson"), ndjson.join("\n")).unwrap();
    let json = |args: &[&str]| {
        let text = stdout(&tidemark(&folder, &[args, &["--format", "json"]].concat()));
        serde_json::from_str::<tidemark::report::DriftReport>(&text).unwrap()
    };
    let (same, other) = (json(&["report", "r.csv", "r.csv"]), json(&["report", "r.csv", "c.ndjson"]));
    assert_eq!(same.columns, other.columns);
    let mut piped = command(&folder, &["report", "r.csv", "-", "--format", "json"]);
    piped.stdin(std::fs::File::open(folder.path("c.ndjson")).unwrap());
    let piped: tidemark::report::DriftReport = serde_json::from_str(&stdout(&piped.output().unwrap())).unwrap();
    assert_eq!((piped.current.label.as_str(), piped.columns), ("standard input", other.columns));
    for sign in ["PAR1", "ARROW1", "{"] {
        std::fs::write(folder.path("bad"), format!("{sign} and nothing of the kind")).unwrap();
        let output = tidemark(&folder, &["report", "r.csv", "bad"]);
        assert_eq!(output.status.code(), Some(1), "{sign}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("bad: "), "{sign}");
    }
    assert_eq!(tidemark(&folder, &["report", "-", "-"]).status.code(), Some(1));
}

#[test]
fn a_ci_job_fails_on_what_it_is_told_to() {
    let folder = prepared();
    let code = |args: &[&str]| tidemark(&folder, &[&["report", "reference.csv"], args].concat()).status.code();
    // Few columns drift, not the data as a whole.
    assert_eq!(code(&["current.csv", "--fail-on", "drifted"]), Some(0));
    assert_eq!(code(&["current.csv", "--fail-on", "drifted", "--drift-share", "0.01"]), Some(3));
    assert_eq!(code(&["current.csv", "--fail-on", "minor"]), Some(3));
    assert_eq!(code(&["current.csv"]), Some(0));
    assert_eq!(code(&["reference.csv", "--fail-on", "drifted", "--fail-on", "minor"]), Some(0));
    assert_eq!(code(&["current.csv", "--fail-on", "quality"]), Some(1));
    stdout(&tidemark(&folder, &["expect", "reference.csv", "--out", "e.json"]));
    assert_eq!(code(&["current.csv", "--fail-on", "quality", "--expectations", "e.json"]), Some(3));
    assert_eq!(code(&["reference.csv", "--fail-on", "quality", "--expectations", "e.json"]), Some(0));
    assert_eq!(tidemark(&folder, &["check", "e.json", "current.csv"]).status.code(), Some(3));
    let written = |format| stdout(&tidemark(&folder, &["report", "reference.csv", "current.csv", "--format", format]));
    assert!(written("markdown").contains("| V3 | numerical | ▲ drifted | down |"), "{}", written("markdown"));
    assert!(written("csv").lines().any(|line| line.starts_with("V3,feature,numerical,drifted,")));
    assert_eq!(written("csv").lines().count(), 32);
    assert!(written("junit").contains("name=\"V3\"><failure message=\"Drifted: "));
}
