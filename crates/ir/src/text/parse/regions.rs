//! Regions and blocks, and going on behind an error.

use super::labels::Labels;
use super::{Kind, Parse, Parser};
use crate::{BlockId, OpId, RegionId};
use smallvec::smallvec;

impl<'s> Parser<'s> {
    /// `{ops}` or `{^bb0(arguments): ops …}`, appended to an op.
    pub(super) fn region(&mut self, op: OpId, isolated: bool) -> Parse<()> {
        if isolated {
            self.values.enter_isolated();
        } else {
            self.values.enter_region();
        }
        let result = self.nested(|p| p.region_inner(op));
        if isolated {
            self.leave_isolated();
        } else {
            self.values.leave_region();
        }
        result
    }

    fn region_inner(&mut self, op: OpId) -> Parse<()> {
        let open = self.expect(b'{', "`{` and a region")?;
        // The root has its region and block from the start.
        let root = op == self.m.root();
        let region = if root {
            self.m.regions(op)[0]
        } else {
            self.m.add_region(op)
        };
        self.labels.push(Labels::of(region));
        let result = self.blocks(region, root);
        self.undefined_labels();
        result?;
        if self.tok.kind == Kind::End {
            let (line, _) = self.lines.line_column(open.start);
            return Err(self.unexpected(&format!("`}}` of the region of line {line}")));
        }
        self.expect(b'}', "`}` behind a region")?;
        Ok(())
    }

    /// The blocks of a region, up to its end.
    fn blocks(&mut self, region: RegionId, root: bool) -> Parse<()> {
        if root {
            let body = self.m.body();
            if self.tok.kind == Kind::Label {
                self.root_label(body)?;
            }
            self.block_ops(body);
        } else if !self.at(b'}') && self.tok.kind != Kind::Label {
            let entry = self.m.add_block(region, &[]);
            self.block_ops(entry);
        }
        while self.tok.kind == Kind::Label {
            let (start, braces) = (self.tok.start, self.braces);
            if root {
                self.error(start, "S026", "the module has more than one block");
                self.recover(start, braces);
                self.block_ops(self.m.body());
                continue;
            }
            let label = self.bump();
            let block = self.defined_block(label);
            self.m.place_block(block);
            if self.block_arguments(block).is_err() {
                self.recover(start, braces);
            }
            self.block_ops(block);
        }
        Ok(())
    }

    /// `^name:` of the module's block, which nothing can name.
    fn root_label(&mut self, body: BlockId) -> Parse<()> {
        self.bump();
        if self.at(b'(') {
            let at = super::lexer::lex(self.source, self.tok.end);
            if at.kind != Kind::Punct(b')') {
                return Err(self.error(at.start, "S026", "the module's block has no arguments"));
            }
        }
        self.block_arguments(body)
    }

    /// `(%argument: type, …):` behind a block's label.
    fn block_arguments(&mut self, block: BlockId) -> Parse<()> {
        if self.eat(b'(') {
            self.list(b')', "`,` or `)` behind a block's argument", |p| {
                let t = p.expect_kind(Kind::Value, "a block's argument")?;
                p.expect(b':', "`:` and the argument's type")?;
                let ty = p.ty()?;
                let v = p.m.add_block_arg(block, ty);
                p.define(p.text_of(t), t.start, smallvec![v])?;
                let i = p.m.block_args(block).len() - 1;
                p.argument_location(block, i, t)
            })?;
        }
        self.expect(b':', "`:` behind a block's label")?;
        Ok(())
    }

    fn block_ops(&mut self, block: BlockId) {
        while !matches!(
            self.tok.kind,
            Kind::Punct(b'}') | Kind::Label | Kind::End | Kind::FileOpen
        ) {
            self.op(block, false);
        }
    }

    /// Goes on where the next op, block or definition begins, or at the end of the region: behind the braces that have been opened
    /// since `start`, where `braces` were open.
    pub(super) fn recover(&mut self, start: usize, braces: usize) {
        let mut inside = self.braces.saturating_sub(braces);
        let mut open = 0usize;
        loop {
            let moved = self.tok.start != start;
            match self.tok.kind {
                Kind::End => break,
                Kind::Punct(b'{') => open += 1,
                Kind::Punct(b'}') if open > 0 => open -= 1,
                Kind::Punct(b'}') if inside > 0 => inside -= 1,
                Kind::Punct(b'}') if moved => break,
                _ if moved && open == 0 && self.at_statement() => break,
                _ => {}
            }
            self.bump();
        }
        self.braces = braces;
    }

    /// Whether the next token is the first of its line and begins an op, a block or a definition.
    fn at_statement(&self) -> bool {
        let before = self.source[..self.tok.start].trim_end_matches([' ', '\t', '\r']);
        if !(before.is_empty() || before.ends_with('\n')) {
            return false;
        }
        let rest = self.source[self.tok.end..].trim_start_matches([' ', '\t']);
        match self.tok.kind {
            Kind::Value | Kind::Label | Kind::FileOpen => true,
            Kind::Str => rest.starts_with('('),
            Kind::Hash | Kind::Bang => rest.starts_with('='),
            _ => false,
        }
    }
}
