/* Plug-ins that are wrong, one for each -D: what the host says to each is tested. */
#include "thumbwright/plugin.h"

#include <string.h>

static const tw_host *host;

static tw_str str(const char *text) {
  tw_str s;
  s.data = text;
  s.len = strlen(text);
  return s;
}

/* Handles and a context that outlive their callback. */
static tw_context old_context;
static tw_op old_op;

static tw_status run(void *user, tw_context cx, tw_op op) {
  tw_str name;
  tw_handles inside;
  (void)user;
  (void)name;
  (void)inside;
#if defined(FAILS)
  (void)op;
  host->set_error(cx, str("the moon is wrong"));
  return TW_FAILED;
#elif defined(FAILS_SILENTLY)
  (void)cx, (void)op;
  return -77;
#elif defined(EMITS)
  return host->emit(cx, TW_SEVERITY_ERROR, str("acme.moon"), op, str("the moon is wrong"));
#elif defined(STALE_HANDLE)
  if (old_op == 0) {
    old_op = op;
    return TW_OK;
  }
  return host->op_name(cx, old_op, &name);
#elif defined(STALE_CONTEXT)
  if (old_context == 0) {
    old_context = cx;
    return TW_OK;
  }
  return host->op_name(old_context, op, &name) == TW_BAD_HANDLE ? TW_FAILED : TW_OK;
#elif defined(ERASED_HANDLE)
  {
    tw_status status;
    if (host->op_walk(cx, op, TW_WALK_PRE, &inside) != TW_OK) return TW_OK;
    /* The last operation is the function's terminator. */
    status = host->op_erase(cx, inside.data[inside.len - 1]);
    if (status != TW_OK) return TW_OK;
    return host->op_name(cx, inside.data[inside.len - 1], &name);
  }
#elif defined(WRONG_KIND)
  {
    tw_type type;
    if (host->type_index(cx, &type) != TW_OK) return TW_OK;
    return host->op_name(cx, type, &name);
  }
#elif defined(USED_OP)
  if (host->op_walk(cx, op, TW_WALK_PRE, &inside) != TW_OK) return TW_OK;
  return host->op_erase(cx, inside.data[1]);
#elif defined(INTO_ITSELF)
  {
    tw_handles regions, blocks;
    if (host->op_regions(cx, op, &regions) != TW_OK) return TW_OK;
    if (host->region_blocks(cx, regions.data[0], &blocks) != TW_OK) return TW_OK;
    return host->op_move(cx, op, blocks.data[0], 0);
  }
#elif defined(REPLACED_MODULE)
  {
    /* The old handle is stale, also if the new module is as the old one was. */
    tw_op root;
    tw_str text;
    if (host->module_root(cx, &root) != TW_OK || root != op) return TW_OK;
    if (host->module_print(cx, &text) != TW_OK) return TW_OK;
    if (host->module_replace(cx, text) != TW_OK) return TW_OK;
    if (host->module_root(cx, &root) != TW_OK || root == op) return TW_OK;
    return host->op_name(cx, op, &name);
  }
#elif defined(REPLACED_BY_NONSENSE)
  (void)op;
  return host->module_replace(cx, str("nonsense"));
#elif defined(NULL_ANSWER)
  return host->op_name(cx, op, NULL);
#elif defined(NO_SUCH_OPTION)
  (void)op;
  return host->option(cx, str("speed"), &name);
#else
  (void)cx, (void)op;
  return TW_OK;
#endif
}

static tw_status register_all(void *user, tw_context cx) {
  tw_pass_info pass;
  (void)user;
#if defined(REGISTER_FAILS)
  host->set_error(cx, str("no licence"));
  return TW_FAILED;
#elif defined(REGISTERS_TWICE)
  {
    tw_op_info op;
    memset(&op, 0, sizeof op);
    op.size = sizeof op;
    op.name = str("arith.addi");
    return host->register_op(cx, &op);
  }
#elif defined(SMALL_STRUCT)
  memset(&pass, 0, sizeof pass);
  return host->register_pass(cx, &pass);
#elif defined(NO_EXTENSION_POINT)
  return host->register_extension(cx, str("before-lunch"), str("dce"));
#elif defined(NOT_UTF8)
  return host->register_target(cx, str("\xFF"), str(""));
#endif
  memset(&pass, 0, sizeof pass);
  pass.size = sizeof pass;
  pass.name = str("acme-pass");
  pass.anchor = str("any");
  pass.summary = str("A pass.");
  pass.run = run;
  return host->register_pass(cx, &pass);
}

#if !defined(NO_ENTRY)
const tw_plugin *tw_plugin_query(uint32_t max_version, const tw_host *the_host) {
  static tw_plugin plugin;
  host = the_host;
  plugin.version = max_version;
  plugin.size = sizeof plugin;
  plugin.name = str("wrong");
  plugin.summary = str("A plug-in for tests.");
  plugin.register_all = register_all;
#if defined(REFUSES)
  return NULL;
#elif defined(NEWER)
  plugin.version = max_version + 1;
#elif defined(SMALL_HEAD)
  plugin.size = 8;
#elif defined(NAMELESS)
  plugin.name.len = 0;
#elif defined(NULL_NAME)
  plugin.name.data = NULL;
#elif defined(NO_REGISTER)
  plugin.register_all = NULL;
#endif
  return &plugin;
}
#else
/* Whatever makes a library of it. */
const void *unused(void) { return register_all; }
#endif
