//! The operators that have run, and what is live then.

use super::graph::OperatorGraph;

/// A set of operators that have run, with every operator that they must run after.
#[derive(Clone)]
pub(super) struct State<'g> {
    pub(super) graph: &'g OperatorGraph,
    /// One bit an operator.
    done: Vec<u64>,
    count: usize,
    /// For each buffer: operators that touch it and have not run.
    left: Vec<u32>,
    /// For each buffer: operators that write it and have run.
    written: Vec<u32>,
    /// For each operator: those directly before it that have not run.
    waiting: Vec<u32>,
    /// Operators that can run next, ascending.
    ready: Vec<usize>,
    live: u64,
    /// Bytes of inputs that no operator touches: they count while the first operator runs.
    untouched: u64,
}

impl<'g> State<'g> {
    /// Nothing has run.
    pub(super) fn start(graph: &'g OperatorGraph) -> State<'g> {
        let (buffers, count) = (graph.buffers(), graph.operators().len());
        let mut left = vec![0u32; buffers.len()];
        for operator in 0..count {
            for &b in graph.touched(operator) {
                left[b] += 1;
            }
        }
        let (mut live, mut untouched) = (0, 0);
        for (b, &left) in buffers.iter().zip(&left).filter(|(b, _)| b.is_input) {
            if left > 0 || b.is_output {
                live += b.size;
            } else {
                untouched += b.size;
            }
        }
        let waiting: Vec<u32> = (0..count).map(|i| graph.before(i).len() as u32).collect();
        State {
            graph,
            done: vec![0; count.div_ceil(64)],
            count: 0,
            left,
            written: vec![0; buffers.len()],
            ready: (0..count).filter(|&i| waiting[i] == 0).collect(),
            waiting,
            live,
            untouched,
        }
    }

    /// How many operators have run.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Operators that can run next, ascending.
    pub(super) fn ready(&self) -> &[usize] {
        &self.ready
    }

    pub(super) fn is_ready(&self, operator: usize) -> bool {
        self.ready.binary_search(&operator).is_ok()
    }

    /// Whether an operator has run.
    pub(super) fn has_run(&self, operator: usize) -> bool {
        self.done[operator / 64] >> (operator % 64) & 1 == 1
    }

    /// Whether no operator has written a buffer, and it is no input.
    pub(super) fn is_unwritten(&self, buffer: usize) -> bool {
        self.written[buffer] == 0 && !self.graph.buffers()[buffer].is_input
    }

    /// Bytes that are live between two operators.
    pub(super) fn live(&self) -> u64 {
        self.live
    }

    /// Which operators of a range have run; those outside of it make no difference between states that are compared.
    pub(super) fn key(&self, range: &std::ops::Range<usize>) -> Box<[u64]> {
        let words = range.start / 64..range.end.div_ceil(64);
        self.done[words].into()
    }

    /// Whether a buffer is live between two operators.
    pub(super) fn is_live(&self, buffer: usize) -> bool {
        let b = &self.graph.buffers()[buffer];
        (b.is_input || self.written[buffer] > 0) && (self.left[buffer] > 0 || b.is_output)
    }

    /// How many operators touch a buffer and have not run.
    pub(super) fn left(&self, buffer: usize) -> u32 {
        self.left[buffer]
    }

    /// Bytes that an operator which runs next is the first to write, and bytes that die with it.
    fn new_and_freed(&self, operator: usize) -> (u64, u64) {
        let buffers = self.graph.buffers();
        let writes = self.graph.operators()[operator].writes.iter();
        let new = writes
            .filter(|&&b| self.is_unwritten(b))
            .map(|&b| buffers[b].size);
        let touched = self.graph.touched(operator).iter();
        let freed = touched.filter(|&&b| self.dies(b)).map(|&b| buffers[b].size);
        (new.sum(), freed.sum())
    }

    /// Whether a buffer dies with the next operator that touches it.
    fn dies(&self, buffer: usize) -> bool {
        self.left[buffer] == 1 && !self.graph.buffers()[buffer].is_output
    }

    /// Bytes live while an operator runs that is ready, and after it.
    pub(super) fn effect(&self, operator: usize) -> (u64, u64) {
        let (new, freed) = self.new_and_freed(operator);
        let in_place = &self.graph.operators()[operator].in_place;
        let credits = in_place.iter().filter(|c| self.dies(c.operand));
        let credit = credits.map(|c| c.bytes).max().unwrap_or(0);
        let first = if self.count == 0 { self.untouched } else { 0 };
        let during = self.live + first + new.saturating_sub(credit);
        (during, self.live + new - freed)
    }

    /// Runs an operator that is ready.
    pub(super) fn run(&mut self, operator: usize) {
        self.live = self.effect(operator).1;
        self.count += 1;
        self.done[operator / 64] |= 1 << (operator % 64);
        let graph = self.graph;
        for &b in graph.touched(operator) {
            self.left[b] -= 1;
        }
        for &b in &graph.operators()[operator].writes {
            self.written[b] += 1;
        }
        if let Ok(at) = self.ready.binary_search(&operator) {
            self.ready.remove(at);
        }
        for &next in graph.behind(operator) {
            self.waiting[next] -= 1;
            if self.waiting[next] == 0
                && let Err(at) = self.ready.binary_search(&next)
            {
                self.ready.insert(at, next);
            }
        }
    }

    /// Takes back the operator that ran last.
    pub(super) fn undo(&mut self, operator: usize) {
        let graph = self.graph;
        for &next in graph.behind(operator) {
            if self.waiting[next] == 0
                && let Ok(at) = self.ready.binary_search(&next)
            {
                self.ready.remove(at);
            }
            self.waiting[next] += 1;
        }
        if let Err(at) = self.ready.binary_search(&operator) {
            self.ready.insert(at, operator);
        }
        for &b in &graph.operators()[operator].writes {
            self.written[b] -= 1;
        }
        for &b in graph.touched(operator) {
            self.left[b] += 1;
        }
        self.done[operator / 64] &= !(1 << (operator % 64));
        self.count -= 1;
        let (new, freed) = self.new_and_freed(operator);
        self.live = self.live + freed - new;
    }

    /// Runs operators in an order; the peak.
    pub(super) fn run_all(&mut self, order: impl IntoIterator<Item = usize>) -> u64 {
        let mut peak = 0;
        for operator in order {
            peak = peak.max(self.effect(operator).0);
            self.run(operator);
        }
        peak
    }

    /// Takes back operators that ran last, in the order in which they ran.
    pub(super) fn undo_all(&mut self, order: &[usize]) {
        order.iter().rev().for_each(|&operator| self.undo(operator));
    }
}
