//! `acme.square`: the square of every element, its meaning, and its schedule.

use plugin::sdk::{
    Cost, Cx, Datum, Error, KernelCx, Op, OpDecl, Registrar, Result, Schedule, ScheduleCx, Type,
    Value, traits, value_kind,
};

pub fn register(r: &Registrar<'_>) -> Result<()> {
    let square = OpDecl::new("acme.square", "`acme.square`: x * x, of a float32 tensor.")
        .operand("input", value_kind::TENSOR)
        .result("output", value_kind::TENSOR)
        .traits(traits::PURE | traits::SAME_TYPE);
    r.op_with_verifier(square, verify)?;
    r.interpret("acme.square", interpret)?;
    r.infer_types("acme.square", |_, operands, _| Ok(Some(operands.to_vec())))?;
    r.schedule(Square)
}

fn verify(cx: &Cx<'_>, op: Op) -> Result<()> {
    let elem = cx.elem(cx.type_of(cx.operand(op, 0)?)?)?;
    match cx.type_text(elem)? {
        "f32" => Ok(()),
        other => Err(Error::new(format_args!(
            "wants a tensor of f32, not of {other}"
        ))),
    }
}

fn interpret(_: &Cx<'_>, _: Op, args: &[Datum]) -> Result<Vec<Datum>> {
    let [Datum::Bytes(input)] = args else {
        return Err(Error::new("wants one tensor"));
    };
    let square = |b: &[u8]| {
        let x = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        (x * x).to_le_bytes()
    };
    let output = input.chunks_exact(4).flat_map(square).collect();
    Ok(vec![Datum::Bytes(output)])
}

struct Square;

fn len(cx: &Cx<'_>, op: Op) -> Result<i64> {
    let shape = cx.shape(cx.type_of(cx.operand(op, 0)?)?)?;
    Ok(shape.iter().product())
}

impl Schedule for Square {
    fn name(&self) -> &str {
        "acme-square"
    }

    fn op(&self) -> &str {
        "acme.square"
    }

    fn applies(&self, cx: &Cx<'_>, op: Op) -> Result<Result<(), String>> {
        Ok(match len(cx, op)? {
            0 => Err("there are no elements".to_owned()),
            _ => Ok(()),
        })
    }

    fn cost(&self, cx: &ScheduleCx<'_>, op: Op) -> Result<Cost> {
        Ok(Cost {
            cycles: 10 * len(cx, op)? as u64,
            flash: 40,
            ram: 0,
        })
    }

    fn lower(&self, cx: &KernelCx<'_>, op: Op) -> Result<()> {
        let n = len(cx, op)?;
        cx.set_name(&format!("acme_square_{n}"))?;
        let (input, output) = (cx.input(0, &[n])?, cx.output(0, &[n])?);
        let (index, float) = (cx.index_type()?, cx.float_type(32)?);
        let body = cx.body()?;
        let constant = |value: i64| -> Result<Value> {
            let value = cx.int_attr(value, index)?;
            let made = cx
                .op("arith.constant")
                .results(&[index])
                .prop("value", value);
            cx.result(made.at_end(body)?, 0)
        };
        let bounds = [constant(0)?, constant(n)?, constant(1)?];
        let for_op = cx.op("scf.for").operands(&bounds).regions(1).at_end(body)?;
        let block = cx.add_block(cx.regions(for_op)?[0], &[index])?;
        let i = cx.block_args(block)?[0];
        let value = |name: &str, operands: &[Value], ty: Type| -> Result<Value> {
            let made = cx.op(name).operands(operands).results(&[ty]);
            cx.result(made.at_end(block)?, 0)
        };
        let x = value("memref.load", &[input, i], float)?;
        let fast = cx.parse_attr("#arith.fastmath<none>")?;
        let product = cx.op("arith.mulf").operands(&[x, x]).results(&[float]);
        let product = product.prop("fastmath", fast).at_end(block)?;
        let product = cx.result(product, 0)?;
        cx.op("memref.store")
            .operands(&[product, output, i])
            .at_end(block)?;
        cx.op("scf.yield").at_end(block)?;
        Ok(())
    }
}
