//! Locations of every form.

use super::Writer;

impl Writer<'_> {
    /// ` loc(…)` or nothing.
    pub(super) fn trailing_location(&mut self) {
        match self.c.below(6) {
            0 => {}
            1 if !self.late_locs.is_empty() => {
                let name = self.c.of(&self.late_locs.clone());
                self.out += &format!(" loc({name})");
            }
            _ => {
                let body = self.location(0);
                self.out += &format!(" loc({body})");
            }
        }
    }

    /// What stands in `loc(…)`.
    pub(super) fn location(&mut self, depth: usize) -> String {
        if !self.locs.is_empty() && self.c.once_in(3) {
            return self.c.of(&self.locs.clone());
        }
        let simple = if depth < 3 { 9 } else { 3 };
        let name = self.c.of(&["a", "b", "layer/\\22c\\22", "", "\\C3\\A9"]);
        match self.c.below(simple) {
            0 => format!(
                "\"{}\":{}:{}",
                self.c.of(&["f.py", "m.tflite"]),
                self.c.below(3),
                self.c.below(3)
            ),
            1 => format!("\"{name}\""),
            2 => "unknown".to_owned(),
            3 => format!("\"{name}\"({})", self.location(depth + 1)),
            4 => {
                let (callee, caller) = (self.location(depth + 1), self.location(depth + 1));
                format!("callsite({callee} at {caller})")
            }
            5 => "fused<\"nothing\">[]".to_owned(),
            n => {
                let count = self.c.below(4);
                let mut parts: Vec<String> = (0..count).map(|_| self.location(depth + 1)).collect();
                let tags = [
                    "<\"group\">",
                    "<\"other\">",
                    "<{k = 1 : i32, z}>",
                    "<#acme.tag>",
                    "<[1, \"x\"]>",
                ];
                let tag = if n == 6 { "" } else { self.c.of(&tags) };
                if n > 6 {
                    // MLIR would take another text for one that says nothing in one that says it again.
                    parts.push("\"known\"".to_owned());
                }
                format!("fused{tag}[{}]", parts.join(", "))
            }
        }
    }
}
