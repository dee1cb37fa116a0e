//! Pictures of a distribution as SVG text: the same in the pages, in the HTML report, and without any script.
//!
//! Colours come from the page's style sheet: `.tm-ref` is the reference, `.tm-cur` the current side.

use std::fmt::Write;

use super::format;
use crate::report::Distribution;

mod functions;
mod ridgeline;

pub use functions::{distribution_functions, quantile_quantile};
pub use ridgeline::ridgeline;

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
    let (right, height_of) = (left + frame.width, |tick: f64| frame.top + frame.height * (1.0 - tick));
    svg.push_str("<path class=\"tm-axis\" d=\"");
    for (tick, _) in &ticks {
        write_svg(&mut svg, format_args!("M{left} {}H{right}", tenths(height_of(*tick))));
    }
    svg.push_str("\"/><g class=\"tm-text\" text-anchor=\"end\">");
    for (tick, label) in ticks {
        text(&mut svg, left - LABEL_GAP, height_of(tick) + 4.0, &label);
    }
    svg.push_str("</g>");
    let labels: Vec<(f64, String)> = match distribution {
        Distribution::Histogram { bins } => {
            steps(&mut svg, &shares, frame);
            let every = bins.len().div_ceil(6).max(1);
            let step = frame.width / bins.len() as f64;
            let edges = bins.iter().enumerate().step_by(every);
            edges.map(|(i, bin)| (frame.left + step * i as f64, format::number(bin.low))).collect()
        }
        Distribution::Categories { categories, n_others, .. } => {
            bars(&mut svg, &shares, frame);
            let step = frame.width / shares.len() as f64;
            let names = categories.iter().map(|category| category.name.clone());
            let others = (*n_others > 0).then(|| format!("{n_others} more"));
            let names = names.chain(others).map(|name| shorten(&name, (step / 7.0) as usize)).enumerate();
            names.map(|(i, name)| (frame.left + step * (i as f64 + 0.5), name)).collect()
        }
        Distribution::Empty => Vec::new(),
    };
    svg.push_str("<g class=\"tm-text\" text-anchor=\"middle\">");
    for (x, label) in labels {
        text(&mut svg, x, frame.top + frame.height + 18.0, &super::html::escape(&label));
    }
    svg.push_str("</g></svg>");
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
        write_svg(svg, format_args!("<path class=\"{class}\" d=\"M{} {}", tenths(frame.left), tenths(bottom)));
        for (i, share) in shares.iter().enumerate() {
            let (y, right) = (bottom - share[side] * scale, frame.left + step * (i + 1) as f64);
            write_svg(svg, format_args!("V{}H{}", tenths(y), tenths(right)));
        }
        write_svg(svg, format_args!("V{}\"/>", tenths(bottom)));
    }
}

fn bars(svg: &mut String, shares: &[[f64; 2]], frame: Frame) {
    let scale = frame.height / peak(shares);
    let step = frame.width / shares.len() as f64;
    let bottom = frame.top + frame.height;
    let width = (step * 0.36).min(64.0);
    for (side, class, place) in [(0, "tm-ref", -width), (1, "tm-cur", 0.0)] {
        write_svg(svg, format_args!("<path class=\"{class}\" d=\""));
        for (i, share) in shares.iter().enumerate() {
            let x = frame.left + step * (i as f64 + 0.5) + place;
            let [x, y, width, bottom] = [x, bottom - share[side] * scale, width, bottom].map(tenths);
            write_svg(svg, format_args!("M{x} {bottom}V{y}h{width}V{bottom}"));
        }
        svg.push_str("\"/>");
    }
}

fn text(svg: &mut String, x: f64, y: f64, label: &str) {
    write_svg(svg, format_args!("<text x=\"{}\" y=\"{}\">{label}</text>", tenths(x), tenths(y)));
}

/// To a tenth of a unit, which nobody sees; a report of many columns is mostly coordinates.
fn tenths(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
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
            let beside = svg.split("text-anchor=\"end\"").nth(1).and_then(|rest| rest.split("</g>").next());
            let labels: Vec<(f64, &str)> = beside
                .expect("a group of labels")
                .split("<text")
                .skip(1)
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
