//! Text of a model inside markup.

/// `text` as the contents of an XML or HTML element or of a quoted attribute: nothing in it is markup, and characters that XML does not
/// allow are replaced by U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

/// At most `max` characters of `text`, the last one `…` when some are left out.
pub(crate) fn elide(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(max.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// At most `max` characters of `text`, `…` in place of the middle: names of layers differ at their end.
pub(crate) fn elide_middle(text: &str, max: usize) -> String {
    let length = text.chars().count();
    if length <= max {
        return text.to_owned();
    }
    let tail = max.saturating_sub(1) / 2;
    let mut out = elide(text, max - tail);
    out.extend(text.chars().skip(length - tail));
    out
}

/// What a person calls a layer: converters join the names of all operators that were merged into one by `;`, the first tells most.
pub(crate) fn first_name(layer: &str) -> &str {
    match layer.split_once(';') {
        Some((first, _)) if !first.is_empty() => first,
        _ => layer,
    }
}

/// The innermost scope of [`first_name`]: `re_lu_1` of `model/re_lu_1/Relu`.
pub(crate) fn scope_name(layer: &str) -> &str {
    let mut parts = first_name(layer).rsplit('/').filter(|p| !p.is_empty());
    let last = parts.next().unwrap_or(layer);
    parts.next().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        assert_eq!(
            escape("<b a=\"x\" c='&'>\u{0}\n"),
            "&lt;b a=&quot;x&quot; c=&#39;&amp;&#39;&gt;\u{fffd}\n"
        );
    }

    #[test]
    fn names() {
        assert_eq!(elide("conv2d", 6), "conv2d");
        assert_eq!(elide("conv2d_1", 6), "conv2…");
        assert_eq!(elide("äöü", 2), "ä…");
        assert_eq!(elide_middle("activation_12", 8), "acti…_12");
        assert_eq!(elide_middle("activation_12", 13), "activation_12");
        assert_eq!(elide_middle("äöü", 1), "…");
        let merged = "model/re_lu_1/Relu;model/conv2d_1/Conv2D";
        assert_eq!(first_name(merged), "model/re_lu_1/Relu");
        assert_eq!(scope_name(merged), "re_lu_1");
        assert_eq!(scope_name("Identity"), "Identity");
        assert_eq!((first_name(";a"), scope_name("")), (";a", ""));
        assert_eq!(scope_name("///"), "///");
    }
}
