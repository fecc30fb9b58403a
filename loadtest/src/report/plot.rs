//! Line and point plots as inline SVG.

use std::fmt::Write;

/// Size of a plot, in pixels.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 320.0;
/// Room for labels: left, right, top, bottom.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 44.0;
/// Colours of the series, told apart by most eyes (Okabe and Ito).
const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/// Marks on a linear axis.
const MARKS: u32 = 5;

/// An axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// What stands beside it.
    pub(crate) label: String,
    /// Decades instead of equal distances.
    pub(crate) log: bool,
    /// How a value is shown.
    pub(crate) show: fn(f64) -> String,
}

/// A named list of points.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    /// Points instead of a line.
    pub(crate) scatter: bool,
}

/// A moment on the horizontal axis at which something happened.
#[derive(Debug, Clone)]
pub(crate) struct Sign {
    pub(crate) at: f64,
    pub(crate) label: String,
    pub(crate) colour: &'static str,
}

struct Scale {
    from: f64,
    to: f64,
    log: bool,
    start: f64,
    length: f64,
}

/// A plot; says so when there is nothing to show.
pub(crate) fn plot(x: &Axis, y: &Axis, series: &[Series]) -> String {
    plot_with_signs(x, y, series, &[])
}

/// A plot with a line from top to bottom at each sign within it.
pub(crate) fn plot_with_signs(x: &Axis, y: &Axis, series: &[Series], signs: &[Sign]) -> String {
    let all = || series.iter().flat_map(|series| series.points.iter().copied());
    let usable = |(px, py): &(f64, f64)| (!x.log || *px > 0.0) && (!y.log || *py > 0.0);
    let xs = range(all().filter(usable).map(|point| point.0), x.log);
    let ys = range(all().filter(usable).map(|point| point.1), y.log);
    let (Some((x_from, x_to)), Some((y_from, y_to))) = (xs, ys) else {
        return "<p>Nothing was measured.</p>".into();
    };
    let width = WIDTH - LEFT - RIGHT;
    let height = HEIGHT - TOP - BOTTOM;
    let across = Scale { from: x_from, to: x_to, log: x.log, start: LEFT, length: width };
    let down =
        Scale { from: y_from, to: y_to, log: y.log, start: HEIGHT - BOTTOM, length: -height };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" font-size=\"11\" \
         font-family=\"sans-serif\">"
    );
    grid(&mut svg, x, y, &across, &down);
    for sign in signs.iter().filter(|sign| (x_from..=x_to).contains(&sign.at)) {
        draw_sign(&mut svg, sign, &across);
    }
    for (at, series) in series.iter().enumerate() {
        draw(&mut svg, series, COLOURS[at % COLOURS.len()], at, &across, &down);
    }
    svg.push_str("</svg>");
    svg
}

fn range(values: impl Iterator<Item = f64>, log: bool) -> Option<(f64, f64)> {
    let (from, to) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), value| {
            (from.min(value), to.max(value))
        });
    if from > to {
        return None;
    }
    Some(if log {
        let (from, to) = (from.log10().floor(), to.log10().ceil());
        (10f64.powf(from), 10f64.powf(if to > from { to } else { from + 1.0 }))
    } else {
        // Every linear value here is a count or a time: from 0 to a round mark above the last.
        let step = round_step(to.max(1.0) / f64::from(MARKS));
        (0.0, (to.max(1.0) / step).ceil() * step)
    })
}

/// The next of 1, 2, 5, 10, 20, ... that is not below.
fn round_step(least: f64) -> f64 {
    let decade = 10f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * decade >= least * 0.999);
    factor.unwrap_or(10.0) * decade
}

impl Scale {
    fn place(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.log10() - self.from.log10()) / (self.to.log10() - self.from.log10())
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + share * self.length
    }

    fn marks(&self) -> Vec<f64> {
        if !self.log {
            let step = round_step(self.to / f64::from(MARKS));
            let count = (self.to / step).round() as u32;
            return (0..=count).map(|mark| step * f64::from(mark)).collect();
        }
        let decades = (self.to / self.from).log10().round() as i32;
        (0..=decades).map(|decade| self.from * 10f64.powi(decade)).collect()
    }
}

fn grid(svg: &mut String, x: &Axis, y: &Axis, across: &Scale, down: &Scale) {
    let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
    for value in across.marks() {
        let at = across.place(value);
        let _ = write!(
            svg,
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"{}\" \
             text-anchor=\"middle\">{}</text>",
            bottom + 14.0,
            (x.show)(value)
        );
    }
    for value in down.marks() {
        let at = down.place(value);
        let _ = write!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            (y.show)(value)
        );
    }
    let middle = LEFT + across.length / 2.0;
    let _ = write!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text><text x=\"12\" \
         y=\"{}\" transform=\"rotate(-90 12 {})\" text-anchor=\"middle\">{}</text>",
        HEIGHT - 8.0,
        escape(&x.label),
        (TOP + bottom) / 2.0,
        (TOP + bottom) / 2.0,
        escape(&y.label)
    );
}

fn draw_sign(svg: &mut String, sign: &Sign, across: &Scale) {
    let at = across.place(sign.at);
    let _ = write!(
        svg,
        "<path d=\"M{at:.1} {TOP}V{}\" stroke=\"{}\" stroke-dasharray=\"3 3\"/><text \
         x=\"{:.1}\" y=\"{}\" font-size=\"9\" fill=\"{}\" transform=\"rotate(90 {:.1} {})\">{}\
         </text>",
        HEIGHT - BOTTOM,
        sign.colour,
        at + 3.0,
        TOP + 2.0,
        sign.colour,
        at + 3.0,
        TOP + 2.0,
        escape(&sign.label)
    );
}

fn draw(svg: &mut String, series: &Series, colour: &str, at: usize, across: &Scale, down: &Scale) {
    let inside = |(x, y): &&(f64, f64)| (!across.log || *x > 0.0) && (!down.log || *y > 0.0);
    let places =
        series.points.iter().filter(inside).map(|(x, y)| (across.place(*x), down.place(*y)));
    if series.scatter {
        for (x, y) in places {
            let _ = write!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.2\" fill=\"{colour}\" fill-opacity=\"0.6\"/>"
            );
        }
    } else {
        let path: Vec<String> = places.map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        if !path.is_empty() {
            let _ = write!(
                svg,
                "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>",
                path.join("L")
            );
        }
    }
    let (x, y) = (WIDTH - RIGHT + 10.0, TOP + 12.0 + 16.0 * at as f64);
    let _ = write!(
        svg,
        "<rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text \
         x=\"{}\" y=\"{y}\">{}</text>",
        y - 9.0,
        x + 15.0,
        escape(&series.name)
    );
}

/// A text as it may stand in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
