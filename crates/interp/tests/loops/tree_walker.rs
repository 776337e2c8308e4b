//! A slow interpreter of the same IR, straight from the meaning of each op: the independent source for random
//! programs. Values are kept by SSA value; no registers, no jumps, no addresses.

use ir::interfaces::Datum;
use ir::{BlockId, Module, OpId, ValueId};
use std::collections::HashMap;

/// Buffers of 32-bit elements, by the argument that names them.
pub struct Walker<'m> {
    pub m: &'m Module,
    pub values: HashMap<ValueId, Datum>,
    pub buffers: HashMap<ValueId, Vec<i32>>,
}

impl Walker<'_> {
    fn int(&self, v: ValueId) -> i64 {
        match &self.values[&v] {
            Datum::Int(x) => *x,
            other => panic!("{other:?}"),
        }
    }

    /// The index into a buffer; `None` if it is outside.
    fn at(&self, memref: ValueId, indices: &[ValueId]) -> Option<usize> {
        let shape = self.m.type_data(self.m.value_type(memref)).shape().unwrap();
        let mut linear = 0i64;
        for (&i, &extent) in indices.iter().zip(shape) {
            linear = linear * extent + self.int(i);
        }
        let inside = (0..shape.iter().product()).contains(&linear);
        inside.then_some(linear as usize)
    }

    /// Runs a block; the operands of its terminator, or `None` after a fault.
    pub fn block(&mut self, block: BlockId) -> Option<Vec<Datum>> {
        let ops: Vec<OpId> = self.m.ops(block).collect();
        for op in ops {
            let operands: Vec<ValueId> = self.m.operands(op).collect();
            let results = self.m.results(op).to_vec();
            let values = match self.m.op_name(op) {
                "scf.yield" | "func.return" => {
                    return Some(operands.iter().map(|v| self.values[v].clone()).collect());
                }
                "scf.for" => {
                    let body = self.m.entry_block(op).unwrap();
                    let args = self.m.block_args(body).to_vec();
                    let (mut iv, upper) = (self.int(operands[0]), self.int(operands[1]));
                    let step = self.int(operands[2]);
                    let mut carried: Vec<Datum> = operands[3..]
                        .iter()
                        .map(|v| self.values[v].clone())
                        .collect();
                    while iv < upper {
                        self.values.insert(args[0], Datum::Int(iv));
                        self.values.extend(args[1..].iter().copied().zip(carried));
                        carried = self.block(body)?;
                        iv += step;
                    }
                    carried
                }
                "scf.if" => {
                    let branch = usize::from(self.int(operands[0]) == 0);
                    let region = self.m.regions(op)[branch];
                    match self.m.blocks(region).first() {
                        Some(&b) => self.block(b)?,
                        None => vec![],
                    }
                }
                "memref.load" => {
                    let at = self.at(operands[0], &operands[1..])?;
                    vec![Datum::Int(self.buffers[&operands[0]][at].into())]
                }
                "memref.store" => {
                    let at = self.at(operands[1], &operands[2..])?;
                    let value = self.int(operands[0]) as i32;
                    self.buffers.get_mut(&operands[1]).unwrap()[at] = value;
                    vec![]
                }
                name => {
                    let args: Vec<Datum> =
                        operands.iter().map(|v| self.values[v].clone()).collect();
                    let interpret = self.m.registry().interpret(name).unwrap();
                    interpret.interpret(self.m.op(op), &args).ok()?.to_vec()
                }
            };
            self.values.extend(results.into_iter().zip(values));
        }
        unreachable!("a block ends with a terminator")
    }
}
