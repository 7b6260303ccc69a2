/* The Python module `eyeline._native.packets`: see packets.pyi for what each function does.
 *
 * It uses only the limited API, so that one build serves Python 3.11 and later.  All runs with the GIL, for at most a
 * millisecond, and never calls Python in between: what is for Python is returned as a list.
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <errno.h>
#include <stdlib.h>

#include "binding.h"
#include "limits.h"
#include "pump.h"

typedef struct {
    PyObject_HEAD
    struct token_bucket *bucket;
} TokenBucket;

typedef struct {
    PyObject_HEAD
    struct source_limit *limit;
} SourceLimit;

typedef struct {
    PyObject_HEAD
    struct pump *pump;
} Pump;

typedef struct {
    PyObject_HEAD
    struct binding_responder *responder;
    PyObject *limit;
} BindingResponder;

static PyTypeObject *token_bucket_type, *source_limit_type;

/* An object of this type, zeroed. */
static void *new_object(PyTypeObject *type)
{
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    return allocate(type, 0);
}

static void free_object(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* None, or the OSError of an errno. */
static PyObject *outcome(int error)
{
    if (error == 0)
        Py_RETURN_NONE;
    if (error == ENOMEM)
        return PyErr_NoMemory();
    errno = error;
    return PyErr_SetFromErrno(PyExc_OSError);
}

/* Rates must be positive, so that nothing is divided by zero. */
static int read_rate(PyObject *args, PyObject *keywords, double *per_second, double *burst)
{
    static char *names[] = {"per_second", "burst", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "$dd", names, per_second, burst))
        return 0;
    if (*per_second > 0 && *burst > 0)
        return 1;
    PyErr_SetString(PyExc_ValueError, "per_second and burst must be positive");
    return 0;
}

/* TokenBucket */

static PyObject *token_bucket_create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    double per_second, burst;
    if (!read_rate(args, keywords, &per_second, &burst))
        return NULL;
    TokenBucket *self = new_object(type);
    if (self == NULL)
        return NULL;
    self->bucket = token_bucket_new(per_second, burst);
    if (self->bucket == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void token_bucket_dealloc(TokenBucket *self)
{
    if (self->bucket != NULL)
        token_bucket_release(self->bucket);
    free_object((PyObject *)self);
}

static PyObject *token_bucket_py_available(TokenBucket *self, PyObject *now)
{
    double at = PyFloat_AsDouble(now);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    return PyFloat_FromDouble(token_bucket_available(self->bucket, at));
}

static PyObject *token_bucket_py_spend(TokenBucket *self, PyObject *tokens)
{
    double spent = PyFloat_AsDouble(tokens);
    if (spent == -1 && PyErr_Occurred())
        return NULL;
    self->bucket->left -= spent;
    Py_RETURN_NONE;
}

static PyObject *token_bucket_py_is_full(TokenBucket *self, PyObject *now)
{
    double at = PyFloat_AsDouble(now);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    return PyBool_FromLong(token_bucket_available(self->bucket, at) >= self->bucket->burst);
}

static PyMethodDef token_bucket_methods[] = {
    {"available", (PyCFunction)token_bucket_py_available, METH_O, NULL},
    {"spend", (PyCFunction)token_bucket_py_spend, METH_O, NULL},
    {"is_full", (PyCFunction)token_bucket_py_is_full, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot token_bucket_slots[] = {
    {Py_tp_new, token_bucket_create},
    {Py_tp_dealloc, token_bucket_dealloc},
    {Py_tp_methods, token_bucket_methods},
    {0, NULL},
};

static PyType_Spec token_bucket_spec = {
    "eyeline._native.packets.TokenBucket", sizeof(TokenBucket), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    token_bucket_slots,
};

/* SourceLimit */

static PyObject *source_limit_create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    double per_second, burst;
    if (!read_rate(args, keywords, &per_second, &burst))
        return NULL;
    SourceLimit *self = new_object(type);
    if (self == NULL)
        return NULL;
    self->limit = source_limit_new(per_second, burst);
    if (self->limit == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void source_limit_dealloc(SourceLimit *self)
{
    free(self->limit);
    free_object((PyObject *)self);
}

static PyObject *source_limit_py_try_spend(SourceLimit *self, PyObject *args)
{
    const char *ip;
    Py_ssize_t ip_bytes;
    double now;
    if (!PyArg_ParseTuple(args, "y#d", &ip, &ip_bytes, &now))
        return NULL;
    if (ip_bytes != 4 && ip_bytes != 16) {
        PyErr_SetString(PyExc_ValueError, "an IP address has 4 or 16 bytes");
        return NULL;
    }
    return PyBool_FromLong(source_limit_try_spend(self->limit, (const uint8_t *)ip, (size_t)ip_bytes, now));
}

static PyMethodDef source_limit_methods[] = {
    {"try_spend", (PyCFunction)source_limit_py_try_spend, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot source_limit_slots[] = {
    {Py_tp_new, source_limit_create},
    {Py_tp_dealloc, source_limit_dealloc},
    {Py_tp_methods, source_limit_methods},
    {0, NULL},
};

static PyType_Spec source_limit_spec = {
    "eyeline._native.packets.SourceLimit", sizeof(SourceLimit), 0, Py_TPFLAGS_DEFAULT, source_limit_slots,
};

/* Pump */

enum { COALESCE_US_MAX = 10000 };

static PyObject *pump_create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"coalesce_us", NULL};
    unsigned coalesce_us;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "$I", names, &coalesce_us))
        return NULL;
    if (coalesce_us > COALESCE_US_MAX) {
        PyErr_SetString(PyExc_ValueError, "coalesce_us is too large");
        return NULL;
    }
    Pump *self = new_object(type);
    if (self == NULL)
        return NULL;
    self->pump = malloc(sizeof *self->pump);
    int error = self->pump == NULL ? ENOMEM : pump_open(self->pump, coalesce_us);
    if (error) {
        free(self->pump);
        self->pump = NULL;
        Py_DECREF(self);
        return outcome(error);
    }
    return (PyObject *)self;
}

static void pump_dealloc(Pump *self)
{
    if (self->pump != NULL)
        pump_close(self->pump);
    free(self->pump);
    free_object((PyObject *)self);
}

static PyObject *pump_py_fileno(Pump *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->pump->wake);
}

static PyObject *pump_py_add_client(Pump *self, PyObject *args)
{
    int fd;
    PyObject *bandwidth;
    if (!PyArg_ParseTuple(args, "iO!", &fd, token_bucket_type, &bandwidth))
        return NULL;
    return outcome(pump_add_client(self->pump, fd, ((TokenBucket *)bandwidth)->bucket));
}

static PyObject *pump_py_add_channel(Pump *self, PyObject *args)
{
    int client_fd, fd;
    unsigned short number;
    if (!PyArg_ParseTuple(args, "iHi", &client_fd, &number, &fd))
        return NULL;
    return outcome(pump_add_channel(self->pump, client_fd, number, fd));
}

static PyObject *pump_py_remove_channel(Pump *self, PyObject *args)
{
    int client_fd;
    unsigned short number;
    if (!PyArg_ParseTuple(args, "iH", &client_fd, &number))
        return NULL;
    pump_remove_channel(self->pump, client_fd, number);
    Py_RETURN_NONE;
}

static PyObject *pump_py_remove_client(Pump *self, PyObject *args)
{
    int client_fd;
    if (!PyArg_ParseTuple(args, "i", &client_fd))
        return NULL;
    pump_remove_client(self->pump, client_fd);
    Py_RETURN_NONE;
}

/* Append to a list, and give up the reference to the item, which may be NULL after an error. */
static bool append(PyObject *list, PyObject *item)
{
    bool done = item != NULL && PyList_Append(list, item) == 0;
    Py_XDECREF(item);
    return done;
}

static bool hand_datagram(void *list, int client_fd, const uint8_t *datagram, size_t size)
{
    return append(list, Py_BuildValue("(iy#)", client_fd, (const char *)datagram, (Py_ssize_t)size));
}

static PyObject *pump_py_run(Pump *self, PyObject *now)
{
    double at = PyFloat_AsDouble(now);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    PyObject *handed = PyList_New(0);
    if (handed == NULL)
        return NULL;
    int error = pump_run(self->pump, at, hand_datagram, handed);
    if (error == 0)
        return handed;
    Py_DECREF(handed);
    return PyErr_Occurred() ? NULL : outcome(error);
}

static PyObject *pump_py_totals(Pump *self, PyObject *unused)
{
    (void)unused;
    const struct totals *totals = &self->pump->totals;
    return Py_BuildValue("(KKKKK)", totals->to_peers_packets, totals->to_peers_bytes, totals->to_clients_packets,
                         totals->to_clients_bytes, totals->dropped);
}

static PyObject *pump_py_close(Pump *self, PyObject *unused)
{
    (void)unused;
    pump_close(self->pump);
    Py_RETURN_NONE;
}

static PyMethodDef pump_methods[] = {
    {"fileno", (PyCFunction)pump_py_fileno, METH_NOARGS, NULL},
    {"add_client", (PyCFunction)pump_py_add_client, METH_VARARGS, NULL},
    {"add_channel", (PyCFunction)pump_py_add_channel, METH_VARARGS, NULL},
    {"remove_channel", (PyCFunction)pump_py_remove_channel, METH_VARARGS, NULL},
    {"remove_client", (PyCFunction)pump_py_remove_client, METH_VARARGS, NULL},
    {"run", (PyCFunction)pump_py_run, METH_O, NULL},
    {"totals", (PyCFunction)pump_py_totals, METH_NOARGS, NULL},
    {"close", (PyCFunction)pump_py_close, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot pump_slots[] = {
    {Py_tp_new, pump_create},
    {Py_tp_dealloc, pump_dealloc},
    {Py_tp_methods, pump_methods},
    {0, NULL},
};

static PyType_Spec pump_spec = {"eyeline._native.packets.Pump", sizeof(Pump), 0, Py_TPFLAGS_DEFAULT, pump_slots};

/* BindingResponder */

static PyObject *responder_create(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"fd", "limit", NULL};
    int fd;
    PyObject *limit;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "iO!", names, &fd, source_limit_type, &limit))
        return NULL;
    BindingResponder *self = new_object(type);
    if (self == NULL)
        return NULL;
    self->responder = malloc(sizeof *self->responder);
    if (self->responder == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    Py_INCREF(limit);
    self->limit = limit;
    binding_responder_init(self->responder, fd, ((SourceLimit *)limit)->limit);
    return (PyObject *)self;
}

static void responder_dealloc(BindingResponder *self)
{
    free(self->responder);
    Py_XDECREF(self->limit);
    free_object((PyObject *)self);
}

static bool hand_stun(void *list, const struct request *request)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)request->client;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)request->client;
    bool is_v6 = request->client->sa_family == AF_INET6;
    const char *ip = is_v6 ? (const char *)&v6->sin6_addr : (const char *)&v4->sin_addr;
    Py_ssize_t ip_bytes = is_v6 ? 16 : 4;
    unsigned port = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
    unsigned scope = is_v6 ? v6->sin6_scope_id : 0;
    const char *local_ip = request->local_ip_bytes > 0 ? (const char *)request->local_ip : "";
    return append(list, Py_BuildValue("(y#y#IIy#)", (const char *)request->datagram, (Py_ssize_t)request->size, ip, ip_bytes,
                                      port, scope, local_ip, (Py_ssize_t)request->local_ip_bytes));
}

static PyObject *responder_py_run(BindingResponder *self, PyObject *now)
{
    double at = PyFloat_AsDouble(now);
    if (at == -1 && PyErr_Occurred())
        return NULL;
    PyObject *handed = PyList_New(0);
    if (handed == NULL)
        return NULL;
    if (binding_responder_run(self->responder, at, hand_stun, handed))
        return handed;
    Py_DECREF(handed);
    return NULL;
}

static PyObject *responder_py_answered(BindingResponder *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(self->responder->answered);
}

static PyMethodDef responder_methods[] = {
    {"run", (PyCFunction)responder_py_run, METH_O, NULL},
    {"answered", (PyCFunction)responder_py_answered, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot responder_slots[] = {
    {Py_tp_new, responder_create},
    {Py_tp_dealloc, responder_dealloc},
    {Py_tp_methods, responder_methods},
    {0, NULL},
};

static PyType_Spec responder_spec = {
    "eyeline._native.packets.BindingResponder", sizeof(BindingResponder), 0, Py_TPFLAGS_DEFAULT, responder_slots,
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "packets", NULL, -1, NULL, NULL, NULL, NULL, NULL};

static PyTypeObject *add_type(PyObject *into, PyType_Spec *spec)
{
    PyTypeObject *type = (PyTypeObject *)PyType_FromSpec(spec);
    if (type != NULL && PyModule_AddType(into, type) < 0)
        Py_CLEAR(type);
    return type; /* kept as long as the process runs */
}

PyMODINIT_FUNC PyInit_packets(void)
{
    PyObject *made = PyModule_Create(&module);
    if (made == NULL)
        return NULL;
    token_bucket_type = add_type(made, &token_bucket_spec);
    source_limit_type = add_type(made, &source_limit_spec);
    if (token_bucket_type != NULL && source_limit_type != NULL && add_type(made, &pump_spec) != NULL &&
        add_type(made, &responder_spec) != NULL)
        return made;
    Py_DECREF(made);
    return NULL;
}
