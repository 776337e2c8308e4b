//! Colours of the pictures. Fills keep 7:1 against the text in them, strokes and lines 3:1 against the background, in both schemes.

pub(super) const SHEET: &str = "\
.tw-picture{color-scheme:light dark;font:11px/1.2 system-ui,sans-serif;--ink:#1b1f24;--faint:#5b6470;--grid:#e2e5ea;--band:#f3ecd2;--paper:#fff;--bound:#c4201d}\
.tw-picture,.tw-legend,.tw-chip{--input:#bcd9f2;--input-line:#1f6fb2;--output:#b9e3cf;--output-line:#1a7f54;\
--activation:#dcd6f2;--activation-line:#6a54b8;--scratch:#fbd9a0;--scratch-line:#a86500;\
--constant:#dadde1;--constant-line:#6b7280;--state:#f5c6d6;--state-line:#b5305f}\
@media(prefers-color-scheme:dark){\
.tw-picture{--ink:#e8ebf0;--faint:#a3adba;--grid:#2b323c;--band:#33301f;--paper:#14181d;--bound:#ff8078}\
.tw-picture,.tw-legend,.tw-chip{--input:#1d4368;--input-line:#6db3ec;--output:#17503a;--output-line:#57c796;\
--activation:#3d3470;--activation-line:#a897ee;--scratch:#5a400f;--scratch-line:#f0b34c;\
--constant:#3a4049;--constant-line:#9aa4b1;--state:#5b2138;--state-line:#ef85ab}}\
.tw-picture text{fill:var(--faint)}\
.tw-picture .tw-in{fill:var(--ink);pointer-events:none}\
.tw-picture .tw-size{font-size:10px}\
.tw-picture .tw-title{fill:var(--ink);font-weight:600}\
.tw-picture .tw-grid{stroke:var(--grid)}\
.tw-picture .tw-axis{stroke:var(--faint)}\
.tw-picture .tw-band{fill:var(--band)}\
.tw-picture .tw-height{stroke:var(--ink);stroke-width:1.5}\
.tw-picture .tw-bound{stroke:var(--bound);stroke-width:1.5;stroke-dasharray:6 3}\
.tw-picture .tw-capacity{stroke:var(--faint);stroke-width:1.5;stroke-dasharray:2 3}\
.tw-picture .tw-note{fill:var(--ink);paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}\
.tw-picture .tw-note-bound{fill:var(--bound);paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}\
.tw-picture .tw-block:hover rect,.tw-picture .tw-bar:hover rect{stroke-width:2.5}\
.tw-picture .tw-hit{fill:transparent}\
.tw-input{fill:var(--input);stroke:var(--input-line);background:var(--input);border-color:var(--input-line)}\
.tw-output{fill:var(--output);stroke:var(--output-line);background:var(--output);border-color:var(--output-line)}\
.tw-activation{fill:var(--activation);stroke:var(--activation-line);background:var(--activation);border-color:var(--activation-line)}\
.tw-scratch{fill:var(--scratch);stroke:var(--scratch-line);background:var(--scratch);border-color:var(--scratch-line)}\
.tw-constant{fill:var(--constant);stroke:var(--constant-line);background:var(--constant);border-color:var(--constant-line)}\
.tw-state{fill:var(--state);stroke:var(--state-line);background:var(--state);border-color:var(--state-line)}\
.tw-picture .tw-shared{fill:var(--ink);fill-opacity:.16;stroke:var(--ink);stroke-width:1;stroke-dasharray:2 2}\
.tw-live{fill:var(--grid);stroke:var(--faint)}";

#[cfg(test)]
mod tests {
    use super::SHEET;

    /// Relative luminance of `#rrggbb` or `#rgb` (WCAG 2, 1.4.3).
    fn luminance(colour: &str) -> f64 {
        let digits: Vec<u8> = colour[1..]
            .chars()
            .map(|c| c.to_digit(16).unwrap() as u8)
            .collect();
        let channels: Vec<u8> = match digits.len() {
            3 => digits.iter().map(|d| d * 17).collect(),
            _ => digits.chunks(2).map(|d| d[0] * 16 + d[1]).collect(),
        };
        let linear = |c: u8| match f64::from(c) / 255.0 {
            v if v <= 0.04045 => v / 12.92,
            v => ((v + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(channels[0]) + 0.7152 * linear(channels[1]) + 0.0722 * linear(channels[2])
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The value of a variable in one scheme.
    fn variable<'s>(scheme: &'s str, name: &str) -> &'s str {
        let at = scheme.find(&format!("--{name}:")).unwrap() + name.len() + 3;
        scheme[at..].split([';', '}']).next().unwrap()
    }

    #[test]
    fn contrast_in_both_schemes() {
        let (light, dark) = SHEET.split_once("@media").unwrap();
        assert!((contrast("#000000", "#fff") - 21.0).abs() < 1e-9);
        for scheme in [light, dark] {
            let get = |name: &str| variable(scheme, name);
            for kind in [
                "input",
                "output",
                "activation",
                "scratch",
                "constant",
                "state",
            ] {
                let text = contrast(get("ink"), get(kind));
                assert!(text >= 7.0, "text in {kind}: {text}");
                let line = contrast(get("paper"), get(&format!("{kind}-line")));
                assert!(line >= 3.0, "line of {kind}: {line}");
            }
            assert!(contrast(get("faint"), get("paper")) >= 4.5);
            assert!(contrast(get("bound"), get("paper")) >= 4.5);
        }
    }
}
