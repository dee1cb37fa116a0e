//! A window that covers whole segments of the log is put together from their profiles.

use std::sync::Arc;
use tidemark::judge::Settings;
use tidemark::report::DriftReport;
use tidemark_app::backend::Backend;
use tidemark_log::Line;
use tidemark_server::service::slot::Slot;

use crate::support::{Instance, NAME, WINDOW, off_the_runtime};

fn slot(instance: &Instance) -> Arc<Slot> {
    Arc::clone(instance.service.catalog().default_slot().expect("a model was added"))
}

fn seal(instance: &Instance) {
    off_the_runtime(|| instance.service.log.seal()).expect("the log can be written");
}

/// What the service says of its latest window.
fn report_of(instance: &Instance) -> DriftReport {
    let head = instance.service.check_now(None).expect("there are enough rows");
    assert_eq!(head.window.rows(), WINDOW);
    instance.service.snapshot(&head.id).expect("it was stored").report
}

/// The report of the rows of the latest window.
fn report_of_rows(instance: &Instance) -> DriftReport {
    let rows = instance.logged(WINDOW);
    let label = format!("predictions {} to {}", rows.positions[0], rows.positions[rows.len() - 1]);
    slot(instance).baseline.as_ref().expect("it came with a reference").compare(rows, &label, &Settings::default())
}

fn as_text(report: &DriftReport) -> String {
    serde_json::to_string(report).expect("a report is JSON")
}

/// The window is the end of the first segment, two whole ones and what is not sealed.
async fn with_two_whole_segments() -> Instance {
    let instance = Instance::new();
    for rows in [2400..2550, 2550..2650, 2650..2750] {
        instance.predict_rows(rows).await;
        seal(&instance);
    }
    instance.predict_rows(2750..2900).await;
    instance
}

#[tokio::test]
async fn a_report_from_the_profiles_of_segments_is_the_one_of_their_rows() {
    let instance = with_two_whole_segments().await;
    let of_rows = as_text(&report_of_rows(&instance));
    let whole: Vec<_> = instance.service.log.reader().segments(&Line::predictions(NAME))[1..].to_vec();
    assert_eq!(whole.iter().map(|segment| segment.positions.clone()).collect::<Vec<_>>(), [151..251, 251..351]);
    // Nobody reads their rows: they are not there any more.
    for segment in &whole {
        std::fs::rename(&segment.path, segment.path.with_extension("away")).unwrap();
    }
    assert_eq!(as_text(&report_of(&instance)), of_rows);
    for segment in &whole {
        std::fs::rename(segment.path.with_extension("away"), &segment.path).unwrap();
    }

    // The same once both segments have become one.
    assert!(off_the_runtime(|| instance.service.maintain()).unwrap().n_compacted >= 2);
    assert_eq!(as_text(&report_of(&instance)), of_rows);
}

#[tokio::test]
async fn where_a_profile_is_damaged_or_of_another_model_the_rows_are_read() {
    let instance = with_two_whole_segments().await;
    let of_rows = as_text(&report_of_rows(&instance));
    let segments = instance.service.log.reader().segments(&Line::predictions(NAME));
    let profile = |nth: usize| {
        let path = &segments[nth].path;
        path.with_file_name(format!(".{}.profile", path.file_stem().unwrap().to_str().unwrap()))
    };
    let sound = std::fs::read(profile(1)).unwrap();
    let mut other = sound.clone();
    other[0] ^= 1;
    let mut damaged = sound.clone();
    *damaged.last_mut().unwrap() ^= 1;
    // Those of another segment are sound, and tell of other rows.
    let swapped = std::fs::read(profile(0)).unwrap();
    for bytes in [other, damaged, swapped, Vec::new()] {
        std::fs::write(profile(1), bytes).unwrap();
        assert_eq!(as_text(&report_of(&instance)), of_rows);
    }
    std::fs::remove_file(profile(1)).unwrap();
    std::fs::remove_file(profile(2)).unwrap();
    assert_eq!(as_text(&report_of(&instance)), of_rows);
}
