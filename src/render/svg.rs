//! Pictures of a distribution as SVG text: the same in the pages, in the HTML report, and without any script.
//!
//! Colours come from the page's style sheet: `.tm-ref` is the reference, `.tm-cur` the current side.

use std::fmt::Write;

use super::format;
use crate::report::Distribution;

mod functions;

pub use functions::{distribution_functions, quantile_quantile};

/// A picture for a table cell, 120 by 28: the reference as filled steps, the current side as a line of steps.
pub fn small_distribution(distribution: &Distribution) -> String {
    let Some(shares) = shares(distribution) else {
        return String::new();
    };
    let (width, height) = (120.0, 28.0);
    let mut svg = open(width, height, "tm-small", "Distribution of reference and current values");
    steps(&mut svg, &shares, Frame { left: 0.0, top: 2.0, width, height: height - 3.0 });
    svg.push_str("</svg>");
    svg
}

/// Between a label and its axis.
const LABEL_GAP: f64 = 6.0;
/// Room for one character of a label: a digit of 20 pixels, the largest that a style sheet asks for, is a little narrower.
const LABEL_CHARACTER: f64 = 12.5;

/// A picture with axes, 720 by 260.
pub fn distribution(distribution: &Distribution) -> String {
    let Some(shares) = shares(distribution) else {
        return String::new();
    };
    let (width, height) = (720.0, 260.0);
    let mut svg = open(width, height, "tm-large", "Distribution of reference and current values");
    let peak = peak(&shares);
    let ticks = [0.0, 0.5, 1.0].map(|tick| (tick, format::share(tick * peak)));
    let longest = ticks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
    let left = LABEL_GAP + LABEL_CHARACTER * longest as f64;
    let frame = Frame { left, top: 12.0, width: width - left - 12.0, height: height - 46.0 };
    for (tick, label) in ticks {
        let y = frame.top + frame.height * (1.0 - tick);
        let right = frame.left + frame.width;
        write_svg(&mut svg, format_args!("<path class=\"tm-axis\" d=\"M{left} {y:.1}H{right}\"/>"));
        let x = left - LABEL_GAP;
        write_svg(
            &mut svg,
            format_args!("<text class=\"tm-text\" x=\"{x}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", y + 4.0),
        );
    }
    match distribution {
        Distribution::Histogram { bins } => {
            steps(&mut svg, &shares, frame);
            let every = bins.len().div_ceil(6).max(1);
            let step = frame.width / bins.len() as f64;
            for (i, bin) in bins.iter().enumerate().step_by(every) {
                label_under(&mut svg, frame, frame.left + step * i as f64, &format::number(bin.low));
            }
        }
        Distribution::Categories { categories, n_others, .. } => {
            bars(&mut svg, &shares, frame);
            let step = frame.width / shares.len() as f64;
            let names = categories.iter().map(|category| category.name.clone());
            let others = (*n_others > 0).then(|| format!("{n_others} more"));
            for (i, name) in names.chain(others).enumerate() {
                let room = (step / 7.0) as usize;
                label_under(&mut svg, frame, frame.left + step * (i as f64 + 0.5), &shorten(&name, room));
            }
        }
        Distribution::Empty => {}
    }
    svg.push_str("</svg>");
    svg
}

#[derive(Clone, Copy)]
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

/// Reference and current share per bin or category.
fn shares(distribution: &Distribution) -> Option<Vec<[f64; 2]>> {
    match distribution {
        Distribution::Histogram { bins } => Some(bins.iter().map(|bin| [bin.reference, bin.current]).collect()),
        Distribution::Categories { categories, n_others, others } => {
            let named = categories.iter().map(|category| [category.reference, category.current]);
            Some(named.chain((*n_others > 0).then_some(*others)).collect())
        }
        Distribution::Empty => None,
    }
    .filter(|shares: &Vec<_>| !shares.is_empty())
}

fn peak(shares: &[[f64; 2]]) -> f64 {
    let largest = shares.iter().flatten().fold(0.0, |largest: f64, share| largest.max(*share));
    if largest > 0.0 { largest } else { 1.0 }
}

fn steps(svg: &mut String, shares: &[[f64; 2]], frame: Frame) {
    let scale = frame.height / peak(shares);
    let step = frame.width / shares.len() as f64;
    let bottom = frame.top + frame.height;
    for (side, class) in [(0, "tm-ref"), (1, "tm-cur")] {
        write_svg(svg, format_args!("<path class=\"{class}\" d=\"M{:.1} {bottom:.1}", frame.left));
        for (i, share) in shares.iter().enumerate() {
            let y = bottom - share[side] * scale;
            write_svg(svg, format_args!("V{y:.1}H{:.1}", frame.left + step * (i + 1) as f64));
        }
        write_svg(svg, format_args!("V{bottom:.1}\"/>"));
    }
}

fn bars(svg: &mut String, shares: &[[f64; 2]], frame: Frame) {
    let scale = frame.height / peak(shares);
    let step = frame.width / shares.len() as f64;
    let bottom = frame.top + frame.height;
    let width = (step * 0.36).min(64.0);
    for (i, share) in shares.iter().enumerate() {
        let middle = frame.left + step * (i as f64 + 0.5);
        for (side, class, x) in [(0, "tm-ref", middle - width), (1, "tm-cur", middle)] {
            let y = bottom - share[side] * scale;
            write_svg(
                svg,
                format_args!("<path class=\"{class}\" d=\"M{x:.1} {bottom:.1}V{y:.1}h{width:.1}V{bottom:.1}\"/>"),
            );
        }
    }
}

fn label_under(svg: &mut String, frame: Frame, x: f64, label: &str) {
    let y = frame.top + frame.height + 18.0;
    let label = super::html::escape(label);
    write_svg(
        svg,
        format_args!("<text class=\"tm-text\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{label}</text>"),
    );
}

fn shorten(name: &str, room: usize) -> String {
    if name.chars().count() <= room.max(3) {
        return name.to_owned();
    }
    name.chars().take(room.max(3) - 1).chain(['\u{2026}']).collect()
}

fn open(width: f64, height: f64, class: &str, name: &str) -> String {
    format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{name}\">")
}

fn write_svg(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Bin;

    #[test]
    fn labels_beside_the_axis_lie_within_the_picture() {
        for share in [0.043, 0.5, 1.0] {
            let bins = vec![Bin { low: 0.0, high: 1.0, reference: share, current: share / 2.0 }];
            let svg = distribution(&Distribution::Histogram { bins });
            let labels: Vec<(f64, &str)> = svg
                .split("<text")
                .filter(|text| text.contains("text-anchor=\"end\""))
                .map(|text| {
                    let x = text.split("x=\"").nth(1).and_then(|x| x.split('"').next()).and_then(|x| x.parse().ok());
                    let label = text.split('>').nth(1).and_then(|label| label.split('<').next());
                    (x.expect("a place"), label.expect("a label"))
                })
                .collect();
            assert_eq!(labels.len(), 3);
            for (x, label) in labels {
                // Anchored at its end; a digit of 20 pixels is 12 wide in the widest of common fonts.
                assert!(x >= 12.0 * label.chars().count() as f64, "{label} ends at {x}");
            }
        }
    }
}
