//! The operators to be ordered and the buffers between them, validated.

/// All sums of sizes stay below this number of bytes, so that no sum in a search overflows.
const SIZE_LIMIT: u64 = 1 << 63;

/// A buffer that operators make and read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphBuffer {
    /// Bytes.
    pub size: u64,
    /// Live from the start: before the first operator runs.
    pub is_input: bool,
    /// Live to the end: after the last operator has run.
    pub is_output: bool,
}

/// One operator.
///
/// A buffer is live from the first operator that writes it to the last one that reads or writes it. What is only a view of another
/// buffer is that buffer. Several operators may write one buffer, each a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operator {
    /// Buffers that it reads.
    pub reads: Vec<usize>,
    /// Buffers that it writes, wholly or in part; also its working memory, which nobody else touches.
    pub writes: Vec<usize>,
    /// Operators that must run before it, beside those that alone write what it reads.
    pub after: Vec<usize>,
    /// Buffers that it may overwrite while it reads them.
    pub in_place: Vec<InPlaceCredit>,
}

/// That the result of an operator may share memory with an operand, if that dies with the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InPlaceCredit {
    /// The operand's buffer, one that the operator reads.
    pub operand: usize,
    /// Bytes that need not be there twice; no more than the bytes of new results count.
    pub bytes: u64,
}

impl Operator {
    /// An operator that reads and writes these buffers.
    pub fn new(reads: &[usize], writes: &[usize]) -> Operator {
        Operator {
            reads: reads.to_vec(),
            writes: writes.to_vec(),
            ..Operator::default()
        }
    }
}

/// Operators in an order in which they can run, and their buffers.
///
/// Valid by construction: indices are in range, every operator comes after those that it must run after, what is read was written or
/// is an input, and the sum of all sizes is below 2⁶³.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorGraph {
    buffers: Vec<GraphBuffer>,
    operators: Vec<Operator>,
    /// For each operator, ascending: which run before it; which it is directly before; buffers that it reads or writes.
    before: Vec<Vec<usize>>,
    behind: Vec<Vec<usize>>,
    touched: Vec<Vec<usize>>,
}

impl OperatorGraph {
    /// Validates operators and buffers.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn new(
        buffers: Vec<GraphBuffer>,
        mut operators: Vec<Operator>,
    ) -> Result<OperatorGraph, GraphError> {
        let sum = buffers
            .iter()
            .try_fold(0u64, |sum, b| sum.checked_add(b.size));
        if sum.is_none_or(|sum| sum >= SIZE_LIMIT) {
            return Err(GraphError::TooLarge);
        }
        let mut writers: Vec<Vec<usize>> = vec![Vec::new(); buffers.len()];
        for (operator, op) in operators.iter_mut().enumerate() {
            for list in [&mut op.reads, &mut op.writes, &mut op.after] {
                list.sort_unstable();
                list.dedup();
            }
            let credited = op.in_place.iter().map(|c| &c.operand);
            let mut named = op.reads.iter().chain(&op.writes).chain(credited);
            if let Some(&buffer) = named.find(|&&b| b >= buffers.len()) {
                return Err(GraphError::NoSuchBuffer { operator, buffer });
            }
            if let Some(c) = op.in_place.iter().find(|c| !op.reads.contains(&c.operand)) {
                let buffer = c.operand;
                return Err(GraphError::CreditForUnread { operator, buffer });
            }
            for &b in &op.writes {
                writers[b].push(operator);
            }
        }
        let mut before = Vec::with_capacity(operators.len());
        let mut behind: Vec<Vec<usize>> = vec![Vec::new(); operators.len()];
        let mut touched = Vec::with_capacity(operators.len());
        for (operator, op) in operators.iter().enumerate() {
            let mut all = op.after.clone();
            for &b in &op.reads {
                match writers[b].as_slice() {
                    &[only] if only != operator && !buffers[b].is_input => all.push(only),
                    _ => {}
                }
            }
            all.sort_unstable();
            all.dedup();
            if let Some(&after) = all.iter().find(|&&a| a >= operator) {
                return Err(GraphError::NotInOrder { operator, after });
            }
            let is_there = |b: usize| {
                buffers[b].is_input || writers[b].iter().any(|w| all.binary_search(w).is_ok())
            };
            if let Some(&buffer) = op.reads.iter().find(|&&b| !is_there(b)) {
                return Err(GraphError::NeverWritten { operator, buffer });
            }
            for &a in &all {
                behind[a].push(operator);
            }
            before.push(all);
            let mut both: Vec<usize> = op.reads.iter().chain(&op.writes).copied().collect();
            both.sort_unstable();
            both.dedup();
            touched.push(both);
        }
        Ok(OperatorGraph {
            buffers,
            operators,
            before,
            behind,
            touched,
        })
    }

    /// The buffers, in the order given.
    pub fn buffers(&self) -> &[GraphBuffer] {
        &self.buffers
    }

    /// The operators, in the order given.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// Operators that must directly run before one, ascending.
    pub(super) fn before(&self, operator: usize) -> &[usize] {
        &self.before[operator]
    }

    /// Operators that one must directly run before, ascending.
    pub(super) fn behind(&self, operator: usize) -> &[usize] {
        &self.behind[operator]
    }

    /// Buffers that an operator reads or writes, ascending.
    pub(super) fn touched(&self, operator: usize) -> &[usize] {
        &self.touched[operator]
    }
}

/// Why operators and buffers are no graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// An operator names a buffer that there is not.
    #[error("operator {operator} names buffer {buffer}, which there is not")]
    NoSuchBuffer {
        /// Index of the operator.
        operator: usize,
        /// Index that it names.
        buffer: usize,
    },
    /// An operator comes no later than one that must run before it.
    #[error("operator {operator} must run after operator {after}, but does not come after it")]
    NotInOrder {
        /// Index of the operator.
        operator: usize,
        /// Index of the one that must run before it.
        after: usize,
    },
    /// An operator reads what no operator before it writes.
    #[error(
        "operator {operator} reads buffer {buffer}, which nothing that must run before it writes"
    )]
    NeverWritten {
        /// Index of the operator.
        operator: usize,
        /// Index of the buffer.
        buffer: usize,
    },
    /// An operator may share memory with a buffer that it does not read.
    #[error(
        "operator {operator} has an in-place credit for buffer {buffer}, which it does not read"
    )]
    CreditForUnread {
        /// Index of the operator.
        operator: usize,
        /// Index of the buffer.
        buffer: usize,
    },
    /// The sizes add up to 2⁶³ bytes or more.
    #[error("the sizes add up to 2^63 bytes or more")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(size: u64) -> GraphBuffer {
        GraphBuffer {
            size,
            ..GraphBuffer::default()
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let input = GraphBuffer {
            is_input: true,
            ..buffer(1)
        };
        let graph = |operators| OperatorGraph::new(vec![input, buffer(1), buffer(1)], operators);
        let (operator, buffer_1) = (0, 1);
        assert_eq!(
            graph(vec![Operator::new(&[3], &[])]),
            Err(GraphError::NoSuchBuffer {
                operator,
                buffer: 3
            })
        );
        assert_eq!(
            graph(vec![Operator::new(&[1], &[2]), Operator::new(&[0], &[1])]),
            Err(GraphError::NotInOrder { operator, after: 1 })
        );
        assert_eq!(
            graph(vec![Operator::new(&[1], &[2])]),
            Err(GraphError::NeverWritten {
                operator,
                buffer: buffer_1
            })
        );
        let mut op = Operator::new(&[0], &[1]);
        op.in_place = vec![InPlaceCredit {
            operand: 1,
            bytes: 1,
        }];
        assert_eq!(
            graph(vec![op]),
            Err(GraphError::CreditForUnread {
                operator,
                buffer: buffer_1
            })
        );
        assert_eq!(
            OperatorGraph::new(vec![buffer(1 << 62), buffer(1 << 62)], Vec::new()),
            Err(GraphError::TooLarge)
        );
    }

    /// Two operators write a part each; who reads the whole says so.
    #[test]
    fn parts_of_a_buffer_need_explicit_edges() {
        let input = GraphBuffer {
            is_input: true,
            ..buffer(1)
        };
        let mut join = Operator::new(&[1], &[2]);
        let parts = [Operator::new(&[0], &[1]), Operator::new(&[0], &[1])];
        let buffers = vec![input, buffer(8), buffer(1)];
        let all = |join: &Operator| [parts.as_slice(), std::slice::from_ref(join)].concat();
        assert!(OperatorGraph::new(buffers.clone(), all(&join)).is_err());
        join.after = vec![0, 1];
        let graph = OperatorGraph::new(buffers, all(&join)).unwrap();
        assert_eq!(graph.before(2), [0, 1]);
        assert_eq!(graph.behind(0), [2]);
    }
}
