//! The file and its ops.

use super::lexer::Token;
use super::{Kind, Parse, Parser};
use crate::{Attr, BlockId, OpId, OpState, Str, Type, ValueId};
use smallvec::SmallVec;
use std::borrow::Cow;

/// `%name:count` before an op.
struct ResultName<'s> {
    name: &'s str,
    pos: usize,
    count: u32,
}

/// `%name#index` in an operand list.
struct OperandName<'s> {
    name: &'s str,
    pos: usize,
    index: usize,
}

impl<'s> Parser<'s> {
    /// Definitions, ops and resources up to the end of the text.
    pub(super) fn file(&mut self) {
        loop {
            let (start, braces) = (self.tok.start, self.braces);
            let next = super::lexer::lex(self.source, self.tok.end);
            let result = match self.tok.kind {
                Kind::End => return,
                Kind::FileOpen => self.metadata(),
                Kind::Hash | Kind::Bang if next.kind == Kind::Punct(b'=') => {
                    self.alias_definition()
                }
                _ => self.top_level_op(),
            };
            if result.is_err() {
                self.recover(start, braces);
            }
        }
    }

    /// The module, or an op of a file that leaves the module out.
    fn top_level_op(&mut self) -> Parse<()> {
        if self.seen_module {
            return Err(self.error_help(
                self.tok.start,
                "S026",
                "something stands behind the module",
                "a file is one module; put ops into its region",
            ));
        }
        let body = self.m.body();
        let is_root = self.text() == "\"builtin.module\"" && self.m.ops(body).next().is_none();
        // What is not in a module is printed in one.
        self.depth = usize::from(!is_root);
        self.op(body, is_root);
        self.depth = 0;
        Ok(())
    }

    /// An op, appended to a block; after an error, the text up to the next one is skipped.
    pub(super) fn op(&mut self, block: BlockId, is_root: bool) {
        let (start, braces) = (self.tok.start, self.braces);
        let mut names = SmallVec::new();
        if self.op_inner(block, is_root, &mut names).is_err() {
            for n in &names {
                self.poison(n.name);
            }
            self.recover(start, braces);
        }
    }

    fn op_inner(
        &mut self,
        block: BlockId,
        is_root: bool,
        names: &mut SmallVec<[ResultName<'s>; 1]>,
    ) -> Parse<()> {
        if self.tok.kind == Kind::Value {
            self.result_names(names)?;
        }
        let (at, name) = self.op_name()?;
        let op = if is_root {
            self.m.root()
        } else {
            self.m.create(OpState::new(name.as_ref()))
        };
        let operands = self.operand_names()?;
        let successors = self.successor_names()?;
        if is_root && !successors.is_empty() {
            return Err(self.error(successors[0].start, "S026", "the module has no successors"));
        }
        if self.eat(b'<') {
            let entries = self.dictionary()?;
            self.expect(b'>', "`>` behind properties")?;
            for (key, value) in entries {
                let key = self.m.text(key).to_owned();
                self.m.set_prop(op, &key, value);
            }
        }
        if self.at(b'(') {
            self.op_regions(op, is_root)?;
            self.seen_module |= is_root;
        } else if is_root {
            return Err(self.unexpected("`(` and the module's region"));
        }
        if self.at(b'{') {
            let at = self.tok.start;
            let entries = self.dictionary()?;
            self.discardables(op, at, entries)?;
        }
        self.expect(b':', "`:` and the op's type")?;
        let signature_at = self.tok.start;
        let (inputs, results) = self.signature()?;
        self.op_location(op, at)?;

        if operands.len() != inputs.len() {
            let message = format!(
                "`{name}` has {} operands and {} types of operands",
                operands.len(),
                inputs.len()
            );
            let help = "the type is `(a type for each operand) -> (a type for each result)`";
            return Err(self.error_help(signature_at, "S018", message, help));
        }
        let named: u64 = names.iter().map(|n| u64::from(n.count)).sum();
        if !names.is_empty() && named != results.len() as u64 {
            let message = format!(
                "`{name}` has {} results, of which {named} are named",
                results.len()
            );
            let help = match results.len() {
                0 => "leave the name and the `=` away".to_owned(),
                1 => "one name stands for one result: `%name =`".to_owned(),
                n => format!("one name for all: `%name:{n} =`"),
            };
            return Err(self.error_help(names[0].pos, "S017", message, help));
        }
        if is_root {
            if inputs.is_empty() && results.is_empty() {
                return Ok(());
            }
            return Err(self.error(
                signature_at,
                "S026",
                "the module has no operands and no results",
            ));
        }
        let values = self.operands(operands, &inputs);
        self.m.set_operands(op, &values);
        let successors: Vec<BlockId> = successors
            .into_iter()
            .filter_map(|t| self.successor(t))
            .collect();
        self.m.set_successors(op, &successors);
        self.m.append(block, op);
        self.results(op, names, &results)
    }

    fn operands(&mut self, names: Vec<OperandName<'s>>, types: &[Type]) -> Vec<ValueId> {
        let pairs = names.into_iter().zip(types);
        pairs
            .map(|(o, &ty)| self.value(o.name, o.index, ty, o.pos))
            .collect()
    }

    fn results(&mut self, op: OpId, names: &[ResultName<'s>], types: &[Type]) -> Parse<()> {
        let mut values = types
            .iter()
            .map(|&ty| self.m.add_result(op, ty))
            .collect::<Vec<ValueId>>()
            .into_iter();
        for n in names {
            let own = values.by_ref().take(n.count as usize).collect();
            self.define(n.name, n.pos, own)?;
        }
        Ok(())
    }

    /// `%a, %b:2 =`
    fn result_names(&mut self, names: &mut SmallVec<[ResultName<'s>; 1]>) -> Parse<()> {
        loop {
            let t = self.expect_kind(Kind::Value, "a result's name")?;
            let count_at = self.tok.end;
            let count = if self.eat(b':') {
                self.number("a number of results")?
            } else {
                1
            };
            if count == 0 {
                return Err(self.error(count_at, "S017", "a name stands for at least one result"));
            }
            names.push(ResultName {
                name: self.text_of(t),
                pos: t.start,
                count,
            });
            if !self.eat(b',') {
                self.expect(b'=', "`=` and an op")?;
                return Ok(());
            }
        }
    }

    fn op_name(&mut self) -> Parse<(Token, Cow<'s, str>)> {
        let t = self.tok;
        if t.kind == Kind::Bare {
            let word = self.text();
            return Err(self.error_help(
                t.start,
                "S013",
                format!("`{word}` is not in the generic form"),
                "print the file with `mlir-opt --mlir-print-op-generic`, which puts the names of ops into quotes",
            ));
        }
        let name = self.string("an op: its name in quotes")?;
        let is_known = self.m.registry().op(&name).is_some();
        if !is_known && !self.options.allow_unregistered {
            let nearest = nearest(self.m.registry().ops().map(|o| o.name.as_ref()), &name);
            let help = match nearest {
                Some(n) => format!("did you mean `{n}`?"),
                None => "register its dialect, or allow unregistered ops".to_owned(),
            };
            let message = format!("op `{}` is not registered", name.escape_debug());
            // The op's own syntax and what stands inside are still read.
            self.error_help(t.start, "S011", message, help);
        }
        Ok((t, name))
    }

    fn operand_names(&mut self) -> Parse<Vec<OperandName<'s>>> {
        self.expect(b'(', "`(` and operands")?;
        let mut operands = Vec::new();
        self.list(b')', "`,` or `)` behind an operand", |p| {
            let t = p.expect_kind(Kind::Value, "an operand")?;
            let mut index = 0;
            if p.tok.kind == Kind::Hash && p.tok.start == t.end {
                let n = p.text();
                index = match n[1..].parse::<u32>() {
                    Ok(i) => i as usize,
                    Err(_) => {
                        let message = format!("`{n}` is no number of a result");
                        return Err(p.error(p.tok.start, "S004", message));
                    }
                };
                p.bump();
            }
            operands.push(OperandName {
                name: p.text_of(t),
                pos: t.start,
                index,
            });
            Ok(())
        })?;
        Ok(operands)
    }

    /// `[^label, ^label]`, if it stands here.
    fn successor_names(&mut self) -> Parse<SmallVec<[Token; 2]>> {
        let mut labels = SmallVec::new();
        if !self.eat(b'[') {
            return Ok(labels);
        }
        loop {
            labels.push(self.expect_kind(Kind::Label, "the label of a block, `^name`")?);
            if self.eat(b']') {
                return Ok(labels);
            }
            self.expect(b',', "`,` or `]` behind a successor")?;
        }
    }

    fn op_regions(&mut self, op: OpId, is_root: bool) -> Parse<()> {
        let isolated = self.m.op_info(op).is_some_and(|i| i.traits.isolated);
        let open = self.bump();
        let mut count = 0;
        self.list(b')', "`,` or `)` behind a region", |p| {
            count += 1;
            if is_root && count > 1 {
                return Err(p.error(p.tok.start, "S026", "the module has one region"));
            }
            p.region(op, isolated)
        })?;
        if is_root && count == 0 {
            return Err(self.error(open.start, "S026", "the module has one region"));
        }
        Ok(())
    }

    /// Attributes in braces; of a registered op, those that it declares are inherent.
    fn discardables(&mut self, op: OpId, at: usize, entries: Vec<(Str, Attr)>) -> Parse<()> {
        for (key, value) in entries {
            let key = self.m.text(key).to_owned();
            let declared = |a: &crate::AttrSpec| a.name == key;
            if !self
                .m
                .op_info(op)
                .is_some_and(|i| i.attrs.iter().any(declared))
            {
                self.m.set_discardable(op, &key, value);
                continue;
            }
            if self.m.prop(op, &key).is_some() {
                let message = format!("`{key}` is given both in `<{{…}}>` and in `{{…}}`");
                let help = format!("give it once; `{key}` is inherent, and stands in `<{{…}}>`");
                return Err(self.error_help(at, "S021", message, help));
            }
            self.m.set_prop(op, &key, value);
        }
        Ok(())
    }
}

/// The known name that is at most two edits away, if one is.
fn nearest<'a>(known: impl Iterator<Item = &'a str>, name: &str) -> Option<String> {
    if name.len() > 64 {
        return None;
    }
    known
        .map(|k| (distance(k.as_bytes(), name.as_bytes()), k))
        .filter(|(d, _)| *d <= 2)
        .min()
        .map(|(_, k)| k.to_owned())
}

/// Levenshtein's distance.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
