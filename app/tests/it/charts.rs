//! Charts as the JSON that ECharts gets. After a wanted change: `TIDEMARK_BLESS=1 cargo test -p tidemark-app --features
//! ssr`, and look at the difference before it is committed.

use serde_json::Value;
use std::path::Path;
use tidemark::report::Bin;
use tidemark_app::charts::{Palette, histogram_overlay, option};

/// Every colour is the name of its token, so that a golden file shows which one was taken.
fn palette() -> Palette {
    Palette::read(str::to_owned, "Inter".to_owned())
}

fn check(name: &str, chart: &charming::Chart) {
    let option = option(chart, &palette());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/golden/{name}.json"));
    if std::env::var_os("TIDEMARK_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&option).expect("an option is plain data");
        std::fs::write(&path, text + "\n").expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file is there");
    assert_eq!(option, serde_json::from_str::<Value>(&golden).expect("the golden file is JSON"), "{name}");
    // Both would need what the content security policy forbids: `new Function`, and HTML made of column names.
    assert!(!option.to_string().contains("function"), "{name} holds code");
    assert_eq!(option["tooltip"]["renderMode"], "richText", "{name}");
}

#[test]
fn a_histogram_is_bars_under_a_line_of_steps() {
    let bin = |low: f64, reference, current| Bin { low, high: low + 0.5, reference, current };
    let bins = [bin(-0.5, 0.25, 0.1), bin(0.0, 0.5, 0.300_04), bin(0.5, 0.25, 0.599_96)];
    check("histogram_overlay", &histogram_overlay(&bins, &palette()));
}
