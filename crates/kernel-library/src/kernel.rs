//! One entry of the table: which op, under which conditions, is computed by which function.

use crate::argument::{Argument, Buffer};
use crate::document::{Document, Table};
use crate::expression::{Expression, Value};
use crate::layout::Layouts;
use crate::quantities::{self, ELEMENTS, Quantities};
use ir::OpInfo;
use ir::dialects::mcu::{ExternValue, Returned};

/// An entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Kernel {
    /// The schedule's name.
    pub name: String,
    /// The op's full name.
    pub op: String,
    /// The C function.
    pub function: String,
    pub returned: Returned,
    /// The element type that the first operand and the first result must have.
    pub element: String,
    pub when: Vec<Expression>,
    pub arguments: Vec<Argument>,
    /// Bytes of working memory.
    pub workspace: Option<Expression>,
    pub cycles: Expression,
    /// Bytes of code that are to be counted for it.
    pub flash: Option<Expression>,
}

const KEYS: [&str; 10] = [
    "name",
    "op",
    "function",
    "returns",
    "element",
    "when",
    "args",
    "workspace",
    "cycles",
    "flash",
];

/// What a call needs, for one op.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    pub values: Vec<ExternValue>,
    /// Multipliers and shifts of all channels, if they are passed.
    pub multipliers: Option<Vec<i32>>,
    pub shifts: Option<Vec<i32>>,
    /// Biases with the input's zero point in them, if they are passed.
    pub folded_bias: Option<Vec<i32>>,
    /// Bytes; 0 if none is needed.
    pub workspace: i64,
    pub cycles: u64,
    pub flash: u64,
}

/// Working memory of a call at most.
const MAX_WORKSPACE: i64 = 1 << 30;

impl Kernel {
    /// Reads an entry; `info` finds the declaration of an op, `layouts` has the structs that are listed.
    pub(crate) fn read<'t>(
        d: &mut Document<'t>,
        table: &Table<'_, 't>,
        info: &dyn Fn(&str) -> Option<OpInfo>,
        layouts: &Layouts,
    ) -> Option<Kernel> {
        d.only(table, &KEYS);
        let function = d.string(table, "function", "the C function's name")?;
        let op = d.string(table, "op", "the full name of the op that it computes")?;
        let at = |key: &str| table.get(key).map_or(table.at, |i| i.span().start);
        let Some(info) = info(op) else {
            let known = ir::dialects::nn::OPERATORS;
            let hint = match target::nearest(op, known) {
                Some(n) => format!(", did you mean `{n}`?"),
                None => String::new(),
            };
            let message = format!("there is no op `{op}`{hint}");
            let help = format!("there are {}", known.join(", "));
            d.wrong(at("op"), table.path("op"), message, help);
            return None;
        };
        if info.results.len() != 1 || !info.traits.pure || info.regions > 0 {
            let message = format!("`{op}` is no op that a function can compute");
            d.wrong(
                at("op"),
                table.path("op"),
                message,
                "it must be pure, with one result and no region",
            );
            return None;
        }
        let name = d.optional(table, "name", "the schedule's name, in kebab-case");
        let name = name.map_or_else(|| function.replace('_', "-"), str::to_owned);
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(kebab) {
            let help = "set `name` to lower-case letters, digits and `-`";
            let message = format!("{name:?} is no name of a schedule");
            d.wrong(at("name"), table.path("name"), message, help);
        }
        let returns = d.optional(table, "returns", "\"void\" or \"status\"");
        let returned = Returned::of_name(returns.unwrap_or("void"));
        if returned.is_none() {
            let help = "write \"void\", or \"status\" for an `int` that is 0 on success";
            d.wrong(
                at("returns"),
                table.path("returns"),
                "is none of the choices",
                help,
            );
        }
        let element = d.string(table, "element", &format!("one of {}", ELEMENTS.join(", ")))?;
        if !ELEMENTS.contains(&element) {
            let help = format!("write one of {}", ELEMENTS.join(", "));
            d.wrong(
                at("element"),
                table.path("element"),
                "is none of the choices",
                help,
            );
        }
        let mut when = Vec::new();
        for (item, key) in d.list(table, "when", "a list of conditions") {
            let condition = d.expression(item, key.clone())?;
            names(d, item.span().start, &key, &info, &condition);
            when.push(condition);
        }
        let mut arguments = Vec::new();
        for (item, key) in d.list(table, "args", "the list of the function's arguments") {
            let argument = Argument::read(d, item, key.clone(), &info)?;
            for e in argument.expressions() {
                names(d, item.span().start, &key, &info, e);
            }
            match layouts.complete(argument) {
                Ok(argument) => arguments.push(argument),
                Err(why) => d.wrong(item.span().start, key, why, "see its [[struct]] table"),
            }
        }
        if !arguments.iter().any(|a| a.passes(&output(&info))) {
            let help = format!("pass {:?}", &*info.results[0].name);
            d.wrong(
                at("args"),
                table.path("args"),
                "no argument is the output",
                help,
            );
        }
        let formula = |d: &mut Document<'t>, key: &str| {
            let item = table.get(key)?;
            let e = d.expression(item, table.path(key))?;
            names(d, item.span().start, &table.path(key), &info, &e);
            Some(e)
        };
        let workspace = formula(d, "workspace");
        let flash = formula(d, "flash");
        let cycles = formula(d, "cycles");
        if table.get("cycles").is_none() {
            let help = "add `cycles = \"…\"`, an honest estimate: the cheapest kernel that applies is taken";
            d.wrong(table.at, table.path("cycles"), "the key is missing", help);
        }
        Some(Kernel {
            name,
            op: op.to_owned(),
            function: function.to_owned(),
            returned: returned?,
            element: element.to_owned(),
            when,
            arguments,
            workspace,
            cycles: cycles?,
            flash,
        })
    }

    /// The call for an op.
    ///
    /// # Errors
    /// Why the function cannot compute it.
    pub(crate) fn call(&self, of: &Quantities<'_>) -> Result<Call, String> {
        self.conditions(of)?;
        let used = |b: &Buffer| self.arguments.iter().any(|a| a.passes(b));
        let tables = used(&Buffer::Multipliers) || used(&Buffer::Shifts);
        let all = match tables {
            true => of.multipliers()?,
            false => Vec::new(),
        };
        let shifts = used(&Buffer::Shifts).then(|| all.iter().map(|m| m.shift).collect());
        let multipliers =
            used(&Buffer::Multipliers).then(|| all.iter().map(|m| m.multiplier).collect());
        let folded_bias = match used(&Buffer::FoldedBias) {
            true => Some(of.folded_bias()?),
            false => None,
        };
        let formula = |what: &str, e: &Expression| {
            let value = e.int(of).map_err(|why| format!("{what}: {why}"))?;
            match value {
                0.. => Ok(value),
                _ => Err(format!("{what}: {} is {value}", e.text())),
            }
        };
        let workspace = match &self.workspace {
            Some(e) => formula("workspace", e)?,
            None => 0,
        };
        if workspace > MAX_WORKSPACE {
            return Err(format!("workspace: {workspace} bytes"));
        }
        let cycles = formula("cycles", &self.cycles)?;
        let flash = self.flash.as_ref().map_or(Ok(0), |e| formula("flash", e))?;
        let mut call = Call {
            values: Vec::new(),
            multipliers,
            shifts,
            folded_bias,
            workspace,
            cycles: cycles as u64,
            flash: flash as u64,
        };
        let of = Quantities {
            op: of.op,
            target: of.target,
            workspace: Some(workspace),
        };
        call.values = self.values(&of, &call)?;
        Ok(call)
    }

    fn values(&self, of: &Quantities<'_>, call: &Call) -> Result<Vec<ExternValue>, String> {
        let info = of.op.module.op_info(of.op.id);
        let info = info.ok_or("the op is not registered")?;
        let buffers = buffers(info, of.op.operand_count(), call);
        let operand = |b: &Buffer| buffers.iter().position(|x| x == b);
        let mut values = Vec::new();
        for (i, argument) in self.arguments.iter().enumerate() {
            let value = argument.resolve(of, &operand);
            let value = value.and_then(|v| v.check(buffers.len()).map(|()| v));
            values.push(value.map_err(|why| format!("argument {i}: {why}"))?);
        }
        Ok(values)
    }

    fn conditions(&self, of: &Quantities<'_>) -> Result<(), String> {
        let m = of.op.module;
        for ty in [of.op.operand_type(0), of.op.result_type(0)]
            .into_iter()
            .flatten()
        {
            let found = quantities::element_name(m, ty);
            if found != self.element {
                return Err(format!("is made for {}, not {found}", self.element));
            }
        }
        for condition in &self.when {
            match condition
                .evaluate(of)
                .map_err(|why| format!("{}: {why}", condition.text()))?
            {
                Value::Int(0) => return Err(refused(condition, of)),
                Value::Int(_) => {}
                Value::Word(_) => return Err(format!("{} is no condition", condition.text())),
            }
        }
        Ok(())
    }
}

/// The operands of a call, in order: those of the op, tables, working memory, the result.
pub(crate) fn buffers(info: &OpInfo, operands: usize, call: &Call) -> Vec<Buffer> {
    let named = info.operands.iter().take(operands);
    let mut all: Vec<Buffer> = named.map(|s| Buffer::Tensor(s.name.to_string())).collect();
    all.extend(call.multipliers.as_ref().map(|_| Buffer::Multipliers));
    all.extend(call.shifts.as_ref().map(|_| Buffer::Shifts));
    all.extend(call.folded_bias.as_ref().map(|_| Buffer::FoldedBias));
    all.extend((call.workspace > 0).then_some(Buffer::Workspace));
    all.push(output(info));
    all
}

fn output(info: &OpInfo) -> Buffer {
    Buffer::Tensor(
        info.results
            .first()
            .map_or_else(String::new, |s| s.name.to_string()),
    )
}

/// `wants stride.h == 1, where stride.h is 2`.
fn refused(condition: &Expression, of: &Quantities<'_>) -> String {
    let mut found = Vec::new();
    for name in condition.names().into_iter().filter(|n| n.arity() == 0) {
        use crate::expression::Names;
        if let Ok(value) = of.value(name, &[]) {
            let text = format!("{name} is {value}");
            if !found.contains(&text) {
                found.push(text);
            }
        }
    }
    match found.is_empty() {
        true => format!("wants {}", condition.text()),
        false => format!("wants {}, where {}", condition.text(), found.join(" and ")),
    }
}

/// Complains about names that the op does not have.
fn names(d: &mut Document<'_>, at: usize, key: &str, info: &OpInfo, e: &Expression) {
    for name in e.names() {
        if let Err(why) = quantities::check(info, name) {
            d.wrong(at, key, format!("in `{}`: {why}", e.text()), "");
        }
    }
}
