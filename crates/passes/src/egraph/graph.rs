//! The e-graph with what it refers to: the module that interns types and attributes, and the tables of operators, constants and outside
//! values.

use super::body::{Body, Plan, state};
use super::term::{Operator, Term};
use egg::{Analysis, DidMerge, EGraph, Id, Language};
use indexmap::IndexSet;
use ir::dialects::nn;
use ir::interfaces::Datum;
use ir::rewrite::fold;
use ir::{Attr, Loc, Module, OpId, OpState, Str, Type, ValueId};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Bytes of the largest constant that is computed from others at compile time.
pub const MAX_CONSTANT_BYTES: u64 = 1 << 20;

/// What is known of every term of a class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Types, with shapes and quantisation; several for the class of an op with several results.
    pub types: SmallVec<[Type; 1]>,
    /// Whether the value is computable at compile time.
    pub constant: bool,
}

/// The tables that terms refer to.
pub struct Tables {
    /// The module, out of which the function was encoded. Ops that are asked about are made here for as long as it takes.
    pub module: Module,
    operators: IndexSet<Operator, FxBuildHasher>,
    constants: IndexSet<(Type, Attr), FxBuildHasher>,
    outside: IndexSet<ValueId, FxBuildHasher>,
    bodies: IndexSet<Body, FxBuildHasher>,
}

impl Tables {
    /// An operator of the table.
    pub fn operator(&self, i: u32) -> &Operator {
        &self.operators[i as usize]
    }

    /// Type and elements of a constant.
    pub fn constant(&self, i: u32) -> (Type, Attr) {
        self.constants[i as usize]
    }

    /// A value from outside.
    pub fn outside(&self, i: u32) -> ValueId {
        self.outside[i as usize]
    }

    pub(super) fn add_body(&mut self, body: Body) -> i64 {
        self.bodies.insert_full(body).0 as i64
    }

    pub(super) fn body(&self, number: i64) -> &Body {
        &self.bodies[number as usize]
    }

    fn may_fold(&self, operator: &Operator) -> bool {
        let m = &self.module;
        let pure = |name| m.registry().op(name).is_some_and(|i| i.traits.pure);
        let name = m.text(operator.name);
        let [ty] = operator.results[..] else {
            return false;
        };
        pure(name)
            && m.registry().interpret(name).is_some()
            && m.size_bytes(ty).is_some_and(|n| n <= MAX_CONSTANT_BYTES)
    }
}

impl Analysis<Term> for Tables {
    type Data = Facts;

    fn make(graph: &mut EGraph<Term, Tables>, term: &Term, _: Id) -> Facts {
        let tables = &graph.analysis;
        match term {
            Term::Outside(i) => Facts {
                types: SmallVec::from_elem(tables.module.value_type(tables.outside(*i)), 1),
                constant: false,
            },
            Term::Constant(i) => Facts {
                types: SmallVec::from_elem(tables.constant(*i).0, 1),
                constant: true,
            },
            Term::Op { operator, operands } => {
                let operator = tables.operator(*operator);
                let all = !operands.is_empty() && operands.iter().all(|&c| graph[c].data.constant);
                Facts {
                    types: operator.results.clone(),
                    constant: all && tables.may_fold(operator),
                }
            }
            Term::Part { index, of } => Facts {
                types: SmallVec::from_elem(graph[of[0]].data.types[*index as usize], 1),
                constant: false,
            },
        }
    }

    /// Equal values have one type: a rule that says otherwise is wrong, whatever the network.
    fn merge(&mut self, a: &mut Facts, b: Facts) -> DidMerge {
        assert!(
            a.types == b.types,
            "invariant: a rule keeps shape, element type and quantisation"
        );
        let constant = a.constant || b.constant;
        let did = DidMerge(a.constant != constant, b.constant != constant);
        a.constant = constant;
        did
    }
}

/// Where a term comes from.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Origin {
    /// The layers that it computes for.
    pub locs: Vec<Loc>,
    /// The rules that led to it, the first one first; none for a term of the input.
    pub rules: Vec<String>,
    /// Position in the input of the op whose place it takes.
    pub position: usize,
}

/// An op as a term of a class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// The class.
    pub class: Id,
    /// Which operator.
    pub operator: u32,
    /// The operands' classes.
    pub operands: SmallVec<[Id; 3]>,
}

impl Node {
    /// As a term.
    pub fn term(&self) -> Term {
        Term::Op {
            operator: self.operator,
            operands: self.operands.clone(),
        }
    }
}

/// The e-graph of one function.
pub struct Graph {
    /// The classes.
    pub egraph: EGraph<Term, Tables>,
    origins: FxHashMap<Term, Origin>,
    /// The origin of what is added now.
    pub(super) adding: Origin,
    /// Elements of constant classes that were asked for.
    values: FxHashMap<Id, Option<Attr>>,
    /// Equalities that [`equate`](Self::equate) found.
    pub(super) equated: u64,
}

impl Graph {
    /// Without a term. The module is in it until [`into_module`](Self::into_module).
    pub fn new(module: Module) -> Graph {
        Graph {
            egraph: EGraph::new(Tables {
                module,
                operators: IndexSet::default(),
                constants: IndexSet::default(),
                outside: IndexSet::default(),
                bodies: IndexSet::default(),
            }),
            origins: FxHashMap::default(),
            adding: Origin::default(),
            values: FxHashMap::default(),
            equated: 0,
        }
    }

    /// Gives the module back.
    pub fn into_module(self) -> Module {
        self.egraph.analysis.module
    }

    /// The module, for reading types and attributes.
    pub fn module(&self) -> &Module {
        &self.egraph.analysis.module
    }

    /// The module, for interning types and attributes.
    pub fn module_mut(&mut self) -> &mut Module {
        &mut self.egraph.analysis.module
    }

    /// Terms so far.
    pub fn len(&self) -> usize {
        self.egraph.total_number_of_nodes()
    }

    /// Whether there is no term.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The classes, in order of their numbers.
    pub fn classes(&self) -> Vec<Id> {
        let mut all: Vec<Id> = self.egraph.classes().map(|c| c.id).collect();
        all.sort_unstable();
        all
    }

    /// The type of a class of one value.
    pub fn ty(&self, class: Id) -> Type {
        self.egraph[class].data.types[0]
    }

    /// Shape of a class of one value.
    pub fn shape(&self, class: Id) -> Vec<i64> {
        let m = self.module();
        m.type_data(self.ty(class))
            .shape()
            .unwrap_or_default()
            .to_vec()
    }

    /// Whether a class is computable at compile time.
    pub fn is_constant(&self, class: Id) -> bool {
        self.egraph[class].data.constant
    }

    /// The name of a node's op.
    pub fn name(&self, node: &Node) -> &str {
        let tables = &self.egraph.analysis;
        tables.module.text(tables.operator(node.operator).name)
    }

    /// An inherent attribute of a node's op.
    pub fn prop(&self, node: &Node, name: &str) -> Option<Attr> {
        let tables = &self.egraph.analysis;
        let props = &tables.operator(node.operator).props;
        let found = props.iter().find(|p| tables.module.text(p.0) == name);
        found.map(|p| p.1)
    }

    /// A list of numbers that a node's op has as an inherent attribute; empty without.
    pub fn list(&self, node: &Node, name: &str) -> Vec<i64> {
        let attr = self.prop(node, name);
        attr.and_then(|a| self.module().attr_i64s(a))
            .unwrap_or_default()
            .to_vec()
    }

    /// All inherent attributes of a node's op by name.
    pub fn props(&self, node: &Node) -> Vec<(String, Attr)> {
        let tables = &self.egraph.analysis;
        let props = &tables.operator(node.operator).props;
        let named = props
            .iter()
            .map(|&(k, v)| (tables.module.text(k).to_owned(), v));
        named.collect()
    }

    /// The ops of a class, in the order in which they came into it.
    pub fn nodes(&self, class: Id) -> Vec<Node> {
        let class = self.egraph.find(class);
        let ops = self.egraph[class].nodes.iter().filter_map(|t| match t {
            Term::Op { operator, operands } => Some(Node {
                class,
                operator: *operator,
                operands: operands.clone(),
            }),
            _ => None,
        });
        ops.collect()
    }

    /// The first op of a class with this name.
    pub fn find(&self, class: Id, name: &str) -> Option<Node> {
        self.nodes(class).into_iter().find(|n| self.name(n) == name)
    }

    /// Adds an op of one result.
    pub fn add(&mut self, name: &str, operands: &[Id], props: &[(&str, Attr)], result: Type) -> Id {
        let m = &mut self.egraph.analysis.module;
        let name = m.str(name);
        let mut props: Vec<(Str, Attr)> = props.iter().map(|&(k, v)| (m.str(k), v)).collect();
        props.sort_by(|a, b| m.text(a.0).cmp(m.text(b.0)));
        let results = SmallVec::from_elem(result, 1);
        self.add_op(
            Operator {
                name,
                props,
                results,
            },
            operands,
        )
    }

    /// Adds an op with another one's attributes, but for some.
    pub fn add_like(
        &mut self,
        node: &Node,
        operands: &[Id],
        changed: &[(&str, Attr)],
        result: Type,
    ) -> Id {
        let name = self.name(node).to_owned();
        let mut props = self.props(node);
        for &(k, v) in changed {
            match props.iter_mut().find(|p| p.0 == k) {
                Some(p) => p.1 = v,
                None => props.push((k.to_owned(), v)),
            }
        }
        let props: Vec<(&str, Attr)> = props.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        self.add(&name, operands, &props, result)
    }

    /// The class under another shape. Reshapes of reshapes are not made, so that rules that reshape to and fro come to an end.
    pub fn reshape(&mut self, class: Id, shape: &[i64]) -> Id {
        let mut source = class;
        if let Some(inner) = self.find(class, nn::ReshapeOp::NAME) {
            source = inner.operands[0];
        }
        let Some(elem) = self.module().type_data(self.ty(class)).elem() else {
            return class;
        };
        let ty = self.module_mut().tensor(shape, elem);
        for same in [class, source] {
            if self.ty(same) == ty {
                return same;
            }
        }
        self.add(nn::ReshapeOp::NAME, &[source], &[], ty)
    }

    /// One result of an op of several; `class` stands for all of them.
    pub fn part(&mut self, class: Id, index: u32) -> Id {
        self.insert(Term::Part { index, of: [class] })
    }

    /// The class of an op of several results of which a class is one, and which one; for each such op.
    pub fn part_of(&self, class: Id) -> Vec<(Id, u32)> {
        let class = self.egraph.find(class);
        let parts = self.egraph[class].nodes.iter().filter_map(|t| match t {
            Term::Part { index, of } => Some((self.egraph.find(of[0]), *index)),
            _ => None,
        });
        parts.collect()
    }

    /// Makes two classes of one type equal: for a rule that rewrites single results of an op of several.
    pub fn equate(&mut self, a: Id, b: Id) {
        if self.egraph[a].data.types == self.egraph[b].data.types {
            self.equated += u64::from(self.egraph.union(a, b));
        }
    }

    /// Adds a constant, `dense` elements of a type's storage.
    pub fn add_constant(&mut self, ty: Type, value: Attr) -> Id {
        let (i, _) = self.egraph.analysis.constants.insert_full((ty, value));
        self.insert(Term::Constant(i as u32))
    }

    pub(super) fn add_outside(&mut self, v: ValueId) -> Id {
        let (i, _) = self.egraph.analysis.outside.insert_full(v);
        self.insert(Term::Outside(i as u32))
    }

    /// The number of an operator.
    pub(super) fn add_operator(&mut self, operator: Operator) -> u32 {
        self.egraph.analysis.operators.insert_full(operator).0 as u32
    }

    pub(super) fn add_op(&mut self, operator: Operator, operands: &[Id]) -> Id {
        let operator = self.add_operator(operator);
        self.insert(Term::Op {
            operator,
            operands: SmallVec::from_slice(operands),
        })
    }

    pub(super) fn insert(&mut self, term: Term) -> Id {
        let term = self.canonical(&term);
        if let Some(known) = self.egraph.lookup(term.clone()) {
            return known;
        }
        self.origins.insert(term.clone(), self.adding.clone());
        self.egraph.add(term)
    }

    fn canonical(&self, term: &Term) -> Term {
        term.clone().map_children(|c| self.egraph.find(c))
    }

    /// Where a term comes from.
    pub fn origin(&self, term: &Term) -> Origin {
        let found = self.origins.get(&self.canonical(term));
        found.cloned().unwrap_or_default()
    }

    /// Says that what is added now stands for what these nodes stand for, too.
    pub(super) fn adding_for(&mut self, nodes: &[&Node]) {
        let mut locs = Vec::new();
        for node in nodes {
            for loc in self.origin(&node.term()).locs {
                if !locs.contains(&loc) {
                    locs.push(loc);
                }
            }
        }
        self.adding.locs = locs;
    }

    /// Restores the e-graph's invariants after unions.
    pub fn rebuild(&mut self) {
        self.egraph.rebuild();
        let old = std::mem::take(&mut self.origins);
        // Of terms that became equal, the one that comes from the input, or by the fewest rules.
        let mut sorted: Vec<(Term, Origin)> = old.into_iter().collect();
        sorted.sort_by(|a, b| {
            let key = |o: &Origin| (o.rules.len(), o.position);
            key(&a.1).cmp(&key(&b.1)).then_with(|| a.0.cmp(&b.0))
        });
        for (term, origin) in sorted {
            let term = self.canonical(&term);
            self.origins.entry(term).or_insert(origin);
        }
        self.values.clear();
    }

    /// The elements of a constant class, computed now if they are not known; `None` if they cannot be.
    pub fn value(&mut self, class: Id) -> Option<Attr> {
        self.value_within(class, &mut FxHashSet::default())
    }

    fn value_within(&mut self, class: Id, around: &mut FxHashSet<Id>) -> Option<Attr> {
        let class = self.egraph.find(class);
        if !self.is_constant(class) {
            return None;
        }
        if let Some(&known) = self.values.get(&class) {
            return known;
        }
        let known = self.egraph[class].nodes.iter().find_map(|t| match t {
            Term::Constant(i) => Some(self.egraph.analysis.constant(*i).1),
            _ => None,
        });
        if known.is_some() {
            self.values.insert(class, known);
            return known;
        }
        // A class may contain itself.
        if !around.insert(class) {
            return None;
        }
        let mut value = None;
        for node in self.nodes(class) {
            let operands: Option<Vec<Attr>> = node
                .operands
                .iter()
                .map(|&c| self.value_within(c, around))
                .collect();
            if let Some(operands) = operands {
                value = self.compute(&node, &operands);
            }
            if value.is_some() {
                break;
            }
        }
        around.remove(&class);
        if around.is_empty() || value.is_some() {
            self.values.insert(class, value);
        }
        value
    }

    fn compute(&mut self, node: &Node, operands: &[Attr]) -> Option<Attr> {
        let m = self.module();
        let operands: Vec<Datum> = operands
            .iter()
            .map(|&a| fold::datum(m, a))
            .collect::<Option<_>>()?;
        let result = self.interpret(node, &operands)?;
        let ty = self.ty(node.class);
        fold::attribute(self.module_mut(), result, ty)
    }

    /// What an op of one result is for these operands, by its interpretation.
    pub fn interpret(&mut self, node: &Node, operands: &[Datum]) -> Option<Datum> {
        let op = self.probe(node, false);
        let result = interpreted(self.module(), op, operands);
        self.end_probe(op);
        result
    }

    /// What an op of one result is for operands of other shapes, where they are given, and a result of another shape.
    pub fn interpret_as(
        &mut self,
        node: &Node,
        shapes: &[Option<&[i64]>],
        result: &[i64],
        operands: &[Datum],
    ) -> Option<Datum> {
        let op = self.probe(node, false);
        let m = self.module_mut();
        let given: Vec<(ValueId, Option<&[i64]>)> =
            m.operands(op).zip(shapes.iter().copied()).collect();
        for (v, shape) in given.into_iter().chain([(m.result(op, 0), Some(result))]) {
            let elem = m.type_data(m.value_type(v)).elem();
            if let (Some(elem), Some(shape)) = (elem, shape) {
                let ty = m.tensor(shape, elem);
                m.set_value_type(v, ty);
            }
        }
        let result = interpreted(m, op, operands);
        self.end_probe(op);
        result
    }

    /// Makes the op of a node, to ask about it; the operands are values of the right types and, if `with_constants`, constants where they
    /// are known without computing. It is in no block; [`end_probe`](Self::end_probe) removes it.
    pub(super) fn probe(&mut self, node: &Node, with_constants: bool) -> OpId {
        let mut values = Vec::with_capacity(node.operands.len());
        for &class in &node.operands {
            let value = (with_constants && self.is_constant(class))
                .then(|| self.value(class))
                .flatten();
            let ty = self.ty(class);
            let m = self.module_mut();
            let state = match value {
                Some(value) => OpState::new(nn::ConstantOp::NAME).prop("value", value),
                None => OpState::new("egraph.operand"),
            };
            let leaf = m.create(state.results(&[ty]));
            values.push(m.result(leaf, 0));
        }
        self.make_op(node.operator, &values)
    }

    /// Makes an op of an operator, in no block.
    pub(super) fn make_op(&mut self, operator: u32, operands: &[ValueId]) -> OpId {
        let (state, region) = self.state(operator);
        let m = self.module_mut();
        let op = m.create(state.operands(operands));
        if let Some(region) = region {
            region.fill(m, op);
        }
        op
    }

    /// What an op of an operator is made from, operands left out, and its region, if it has one.
    pub(super) fn state(&self, operator: u32) -> (OpState, Option<Plan>) {
        let tables = &self.egraph.analysis;
        let operator = tables.operator(operator);
        (state(&tables.module, operator), Plan::of(tables, operator))
    }

    /// Removes an op that [`probe`](Self::probe) made, and what defines its operands.
    pub(super) fn end_probe(&mut self, op: OpId) {
        let m = self.module_mut();
        let operands: Vec<OpId> = m.operands(op).filter_map(|v| m.defining_op(v)).collect();
        m.erase(op);
        for leaf in operands {
            self.end_probe(leaf);
        }
    }
}

/// The one result of an op, by its interpretation.
fn interpreted(m: &Module, op: OpId, operands: &[Datum]) -> Option<Datum> {
    let interpret = m.registry().interpret(m.op_name(op))?;
    let mut results = interpret.interpret(m.op(op), operands).ok()?;
    results.pop()
}
