/*
 * Compiles a network for several cores at once, one session and one thread for each.
 *
 *     compile_model MODEL.tflite OUTPUT TARGET...
 *
 * writes OUTPUT/TARGET/ with everything that the compiler makes, and prints to standard error what it has to say.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <thumbwright/thumbwright.h>

enum { MAX_TARGETS = 8, MAX_PATH = 1024 };

/* What one thread is to do, and whether it did. */
typedef struct {
    const char *model_name;
    const void *model;
    size_t model_size;
    const char *target;
    const char *output;
    int done;
} job;

static void on_diagnostic(const tw_diagnostic *d, void *user) {
    static const char *const severities[] = {"remark", "warning", "error"};
    const job *j = user;
    size_t i;
    flockfile(stderr); /* the other thread's lines stay apart */
    fprintf(stderr, "%s: %s[%s]: %s\n", j->target, severities[d->severity], d->code.data, d->message.data);
    if (d->location.size > 0)
        fprintf(stderr, "  --> %s\n", d->location.data);
    for (i = 0; i < d->note_count; i++)
        fprintf(stderr, "  note: %s\n", d->notes[i].data);
    if (d->help.size > 0)
        fprintf(stderr, "  help: %s\n", d->help.data);
    funlockfile(stderr);
}

/* Writes a file below `folder`, and makes the folders on the way. */
static int write_file(const char *folder, const tw_file *file) {
    char path[MAX_PATH];
    char *slash;
    FILE *out;
    int length = snprintf(path, sizeof path, "%s/%s", folder, file->path.data);
    if (length < 0 || (size_t)length >= sizeof path)
        return 0;
    for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return 0;
        *slash = '/';
    }
    out = fopen(path, "wb");
    if (out == NULL)
        return 0;
    /* By size, not up to a NUL: names in a model may be anything. */
    length = fwrite(file->contents.data, 1, file->contents.size, out) == file->contents.size;
    return fclose(out) == 0 && length;
}

static void print_tensors(const char *target, const char *role, const tw_tensor *tensors, size_t count) {
    size_t i, d;
    flockfile(stdout);
    for (i = 0; i < count; i++) {
        const tw_tensor *t = &tensors[i];
        printf("%s: %s %s: %s[", target, role, t->name.data, t->element.data);
        for (d = 0; d < t->rank; d++)
            printf(d == 0 ? "%ld" : "x%ld", (long)t->shape[d]);
        printf("], %lu bytes", (unsigned long)t->bytes);
        if (t->offset != TW_NO_OFFSET)
            printf(" at %lu", (unsigned long)t->offset);
        if (t->scale_count == 1)
            printf(", real = %g * (stored - %ld)", t->scales[0], (long)t->zero_points[0]);
        printf("\n");
    }
    funlockfile(stdout);
}

static int write_all(const job *j, const tw_compiled *compiled) {
    char folder[MAX_PATH];
    const tw_file *files;
    const tw_tensor *inputs, *outputs;
    tw_memory memory;
    size_t count, input_count, output_count, i;
    int length = snprintf(folder, sizeof folder, "%s/%s", j->output, j->target);
    if (length < 0 || (size_t)length >= sizeof folder)
        return 0;
    if (tw_compiled_files(compiled, &files, &count) != TW_STATUS_OK || tw_compiled_memory(compiled, &memory) != TW_STATUS_OK ||
        tw_compiled_inputs(compiled, &inputs, &input_count) != TW_STATUS_OK ||
        tw_compiled_outputs(compiled, &outputs, &output_count) != TW_STATUS_OK)
        return 0;
    for (i = 0; i < count; i++) {
        if (!write_file(folder, &files[i])) {
            fprintf(stderr, "%s: cannot write %s\n", j->target, files[i].path.data);
            return 0;
        }
    }
    printf("%s: %lu files, arena of %lu bytes aligned to %lu, %lu bytes of constants\n", j->target, (unsigned long)count,
           (unsigned long)memory.arena_bytes, (unsigned long)memory.arena_align, (unsigned long)memory.constant_bytes);
    print_tensors(j->target, "input", inputs, input_count);
    print_tensors(j->target, "output", outputs, output_count);
    return 1;
}

static tw_status compile(job *j, tw_session *session, tw_compiled **compiled) {
    tw_status status = tw_session_on_diagnostic(session, on_diagnostic, j);
    if (status == TW_STATUS_OK)
        status = tw_session_set_model(session, j->model_name, j->model, j->model_size);
    if (status == TW_STATUS_OK)
        status = tw_session_set_option(session, "target", j->target);
    if (status == TW_STATUS_OK)
        status = tw_session_compile(session, compiled);
    return status;
}

static void *run(void *argument) {
    job *j = argument;
    tw_session *session;
    tw_compiled *compiled = NULL;
    tw_string why;
    tw_status status = tw_session_create(TW_ABI_VERSION, &session);
    if (status != TW_STATUS_OK) {
        fprintf(stderr, "%s: %s\n", j->target, tw_status_text(status));
        return NULL;
    }
    status = compile(j, session, &compiled);
    if (status == TW_STATUS_OK)
        j->done = write_all(j, compiled);
    else if (status != TW_STATUS_COMPILE_FAILED && tw_session_last_error(session, &why) == TW_STATUS_OK)
        fprintf(stderr, "%s: %s: %s\n", j->target, tw_status_text(status), why.data);
    tw_compiled_destroy(compiled);
    tw_session_destroy(session);
    return NULL;
}

static void *read_file(const char *path, size_t *size) {
    FILE *in = fopen(path, "rb");
    void *bytes = NULL;
    long end;
    if (in == NULL)
        return NULL;
    if (fseek(in, 0, SEEK_END) == 0 && (end = ftell(in)) >= 0 && fseek(in, 0, SEEK_SET) == 0) {
        *size = (size_t)end;
        bytes = malloc(*size + 1);
        if (bytes != NULL && fread(bytes, 1, *size, in) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(in);
    return bytes;
}

int main(int argc, char **argv) {
    job jobs[MAX_TARGETS];
    pthread_t threads[MAX_TARGETS];
    int started[MAX_TARGETS];
    int targets = argc - 3, failed = 0, i;
    size_t size = 0;
    void *model;
    if (targets < 1 || targets > MAX_TARGETS) {
        fprintf(stderr, "usage: %s MODEL.tflite OUTPUT TARGET... (at most %d)\n", argv[0], MAX_TARGETS);
        return 2;
    }
    model = read_file(argv[1], &size);
    if (model == NULL) {
        fprintf(stderr, "cannot read %s\n", argv[1]);
        return 1;
    }
    for (i = 0; i < targets; i++) {
        job j = {argv[1], model, size, argv[3 + i], argv[2], 0};
        jobs[i] = j;
        started[i] = pthread_create(&threads[i], NULL, run, &jobs[i]) == 0;
    }
    for (i = 0; i < targets; i++) {
        if (started[i])
            pthread_join(threads[i], NULL);
        failed |= !started[i] || !jobs[i].done;
    }
    free(model);
    return failed;
}
