/* A plug-in of Thumbwright in C: an operation with a meaning, a rewrite pattern, and a pass.
 *
 * acme.double is x + x, wrapping, in one instruction of the vendor's core. The pattern acme.sum-is-double finds such sums, for
 * canonicalize; the pass acme-lower-double makes shifts of what is left of them, for every other core. Since the operation has an
 * interpretation, the compiler can execute and test the code in between, and fold constants, without knowing anything else of it.
 */
#include "thumbwright/plugin.h"

#include <string.h>

static const tw_host *host;

/* Returns what a function of the host said, unless it said OK: the host keeps the message. */
#define TRY(call)                       \
  do {                                  \
    tw_status status_ = (call);         \
    if (status_ != TW_OK) return status_; \
  } while (0)

static tw_str str(const char *text) {
  tw_str s;
  s.data = text;
  s.len = strlen(text);
  return s;
}

static int same(tw_str a, const char *b) {
  return a.len == strlen(b) && memcmp(a.data, b, a.len) == 0;
}

/* acme.double's meaning: the host takes the result modulo 2^width. */
static tw_status interpret_double(void *user, tw_context cx, tw_op op, const tw_datum *args, size_t count) {
  tw_datum result;
  (void)user;
  (void)op;
  if (count != 1 || args[0].kind != TW_DATUM_INTEGER) {
    host->set_error(cx, str("acme.double is of one integer"));
    return TW_FAILED;
  }
  memset(&result, 0, sizeof result);
  result.kind = TW_DATUM_INTEGER;
  result.integer = (int64_t)((uint64_t)args[0].integer * 2u);
  return host->set_result(cx, 0, &result);
}

/* Creates an operation of some operands, attributes and one result of a type, before `op`, and replaces `op` by it. */
static tw_status replace_by(tw_context cx, tw_op op, const char *name, const tw_value *operands, size_t count,
                            const tw_named_attr *props, size_t prop_count, tw_type type) {
  tw_op_state state;
  tw_op created;
  tw_handles results;
  memset(&state, 0, sizeof state);
  state.size = sizeof state;
  state.name = str(name);
  state.operands.data = operands;
  state.operands.len = count;
  state.props.data = props;
  state.props.len = prop_count;
  state.result_types.data = &type;
  state.result_types.len = 1;
  state.before = op;
  TRY(host->op_create(cx, &state, &created));
  TRY(host->op_results(cx, created, &results));
  return host->op_replace(cx, op, results);
}

/* arith.addi %x, %x  ->  acme.double %x */
static tw_status sum_is_double(void *user, tw_context cx, tw_op op) {
  tw_handles operands;
  tw_type type;
  uint32_t kind;
  (void)user;
  TRY(host->op_operands(cx, op, &operands));
  if (operands.len != 2 || operands.data[0] != operands.data[1]) return TW_NO_MATCH;
  TRY(host->value_type(cx, operands.data[0], &type));
  TRY(host->type_kind(cx, type, &kind));
  if (kind != TW_TYPE_INTEGER) return TW_NO_MATCH;
  return replace_by(cx, op, "acme.double", operands.data, 1, NULL, 0, type);
}

/* acme.double %x  ->  arith.shli %x, 1 */
static tw_status lower_double(void *user, tw_context cx, tw_op root) {
  tw_handles ops;
  size_t i;
  (void)user;
  TRY(host->op_walk(cx, root, TW_WALK_PRE, &ops));
  for (i = 0; i < ops.len; i++) {
    tw_str name;
    tw_handles operands;
    tw_value both[2];
    tw_type type;
    tw_attr one;
    tw_named_attr flags;
    TRY(host->op_name(cx, ops.data[i], &name));
    if (!same(name, "acme.double")) continue;
    TRY(host->op_operands(cx, ops.data[i], &operands));
    both[0] = operands.data[0];
    TRY(host->value_type(cx, both[0], &type));
    TRY(host->attr_integer(cx, 1, type, &one));
    TRY(host->constant_before(cx, ops.data[i], one, type, &both[1]));
    flags.name = str("overflowFlags");
    TRY(host->attr_parse(cx, str("#arith.overflow<none>"), &flags.value));
    TRY(replace_by(cx, ops.data[i], "arith.shli", both, 2, &flags, 1, type));
    TRY(host->count(cx, str("shifts"), 1));
  }
  return TW_OK;
}

static tw_status register_all(void *user, tw_context cx) {
  tw_value_spec integer;
  tw_op_info op;
  tw_interfaces interfaces;
  tw_pattern_info pattern;
  tw_pass_info pass;
  (void)user;

  integer.name = str("value");
  integer.kind = TW_VALUE_INT;
  integer.arity = TW_ARITY_ONE;
  memset(&op, 0, sizeof op);
  op.size = sizeof op;
  op.name = str("acme.double");
  op.docs = str("`acme.double`: twice an integer, wrapping.");
  op.traits = TW_TRAIT_PURE | TW_TRAIT_SAME_TYPE;
  op.operands = op.results = &integer;
  op.operand_count = op.result_count = 1;
  TRY(host->register_op(cx, &op));

  memset(&interfaces, 0, sizeof interfaces);
  interfaces.size = sizeof interfaces;
  interfaces.interpret = interpret_double;
  TRY(host->register_interfaces(cx, str("acme.double"), &interfaces));

  memset(&pattern, 0, sizeof pattern);
  pattern.size = sizeof pattern;
  pattern.name = str("acme.sum-is-double");
  pattern.root = str("arith.addi");
  pattern.equation = str("x + x is double(x), for integers");
  pattern.benefit = 1;
  pattern.apply = sum_is_double;
  TRY(host->register_pattern(cx, &pattern));

  memset(&pass, 0, sizeof pass);
  pass.size = sizeof pass;
  pass.name = str("acme-lower-double");
  pass.anchor = str("any");
  pass.summary = str("Lower acme.double to shifts.");
  pass.flags = TW_PASS_IDEMPOTENT;
  pass.run = lower_double;
  return host->register_pass(cx, &pass);
}

const tw_plugin *tw_plugin_query(uint32_t max_version, const tw_host *the_host) {
  static tw_plugin plugin;
  if (max_version < TW_ABI_VERSION) return NULL;
  host = the_host;
  plugin.version = TW_ABI_VERSION;
  plugin.size = sizeof plugin;
  plugin.name = str("acme-c");
  plugin.summary = str("Doubling in one instruction.");
  plugin.register_all = register_all;
  return &plugin;
}
