//! Progress on the terminal; nothing where standard error is a file.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over a known number of steps: `what`, steps done, and the time it will take.
pub(super) fn bar(total: u64, what: &str, unit: &str) -> ProgressBar {
    let template = format!("{what} [{{bar:32}}] {{human_pos}}/{{human_len}} {unit}  {{per_sec}}  eta {{eta}}");
    let style = ProgressStyle::with_template(&template).expect("the template is well formed");
    ProgressBar::new(total).with_style(style.progress_chars("=> "))
}

/// A line that says what is being done, for work of unknown length.
pub(super) fn spinner(what: String) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(std::time::Duration::from_millis(120));
    spinner
}
