/* Printing, reading back, verifying, and reading what was damaged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/fields.h"
#include "tests/check.h"
#include "tests/text/text_module.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What lies beside graph, map and plan. */
static bool same_header(const struct imc_module *a, const struct imc_module *b)
{
	return same_text(a->model_name, b->model_name) &&
	       same_text(a->model_path, b->model_path) &&
	       same_text(a->model_sha256, b->model_sha256) &&
	       a->opt.seed == b->opt.seed && a->opt.post == b->opt.post &&
	       !memcmp(&a->opt.percentile, &b->opt.percentile,
		       sizeof a->opt.percentile) &&
	       a->facts == b->facts && a->pre.given == b->pre.given &&
	       a->pre.n_mean == b->pre.n_mean && a->pre.n_std == b->pre.n_std &&
	       !memcmp(a->pre.mean, b->pre.mean, sizeof a->pre.mean) &&
	       !memcmp(a->pre.std, b->pre.std, sizeof a->pre.std) &&
	       same_text(a->calib_source, b->calib_source) &&
	       a->calib_n == b->calib_n;
}

/* Bit for bit; the 0 and 1 of the struct have no member. */
static bool same_bits(const struct imc_layer_error *a,
		      const struct imc_layer_error *b)
{
	return a->node.i == b->node.i &&
	       !memcmp(a->weight, b->weight, sizeof a->weight) &&
	       !memcmp(a->act, b->act, sizeof a->act) &&
	       !memcmp(a->adc, b->adc, sizeof a->adc);
}

static bool same_trial(const struct imc_trial *a, const struct imc_trial *b)
{
	const double x[] = {a->budget, a->predicted, a->error, a->drop,
			    a->value,  a->right,     a->std,   a->worst};
	const double y[] = {b->budget, b->predicted, b->error, b->drop,
			    b->value,  b->right,     b->std,   b->worst};

	return !memcmp(x, y, sizeof x) && a->taken == b->taken;
}

static void check_robust(const struct imc_robust *a, const struct imc_robust *b)
{
	CHECK(same_text(a->model, b->model) &&
		      imc_members_equal(imc_robust_members, a, b) &&
		      a->n_plain == b->n_plain,
	      "noise");
	for (size_t i = 0; i < a->n_plain && i < b->n_plain; i++)
		CHECK(a->plain[i].node.i == b->plain[i].node.i &&
			      a->plain[i].engine == b->plain[i].engine &&
			      imc_members_equal(imc_plain_members, &a->plain[i],
						&b->plain[i]),
		      "plain layer %zu", i);
}

static void check_errors(const struct imc_module *a, const struct imc_module *b)
{
	CHECK(same_text(a->error_model, b->error_model) &&
		      !memcmp(&a->error_rank, &b->error_rank, sizeof(double)),
	      "model of errors");
	CHECK(a->n_error == b->n_error && a->n_trial == b->n_trial,
	      "%zu errors, %zu trials", b->n_error, b->n_trial);
	for (size_t i = 0; i < a->n_error && i < b->n_error; i++)
		CHECK(same_bits(&a->error[i], &b->error[i]), "error %zu", i);
	for (size_t i = 0; i < a->n_trial && i < b->n_trial; i++)
		CHECK(same_trial(&a->trial[i], &b->trial[i]), "trial %zu", i);
	check_robust(&a->robust, &b->robust);
}

/* A text, its blob, and room for messages. */
struct sheet {
	struct imc_arena *arena;
	struct imc_diags diags;
	struct imc_buf text, blob;
	bool inline_all;
};

static struct sheet *new_sheet(bool inline_all)
{
	struct imc_arena *a = imc_arena_new();
	struct sheet *s = imc_arena_alloc(a, sizeof *s);

	s->arena = s->diags.arena = s->text.arena = s->blob.arena = a;
	s->inline_all = inline_all;
	return s;
}

static void print(struct sheet *s, const struct imc_module *m)
{
	imc_text_print(m, &toy_hw, s->inline_all ? NULL : "toy.bin", &s->text,
		       &s->blob);
}

static struct imc_module *parse(struct sheet *s, const char *text, size_t size)
{
	return imc_text_parse("toy.imc", text, size, s->blob.p, s->blob.n,
			      &toy_hw, &s->diags);
}

static const char *message(const struct sheet *s)
{
	return s->diags.n ? s->diags.v[0].text : "";
}

static void check_equal(const struct sheet *s, const struct sheet *again,
			const struct imc_module *m, const struct imc_module *b)
{
	CHECK(same_header(m, b), "header");
	check_errors(m, b);
	CHECK(imc_graph_equal(m->g, b->g), "graph");
	CHECK(imc_map_equal(&m->map, &b->map), "map");
	CHECK(imc_plan_equal(&m->plan, &b->plan), "plan");
	CHECK(s->text.n == again->text.n &&
		      !memcmp(s->text.p, again->text.p, s->text.n),
	      "text:\n%s\nand\n%s", s->text.p, again->text.p);
	CHECK(s->blob.n == again->blob.n &&
		      (!s->blob.n ||
		       !memcmp(s->blob.p, again->blob.p, s->blob.n)),
	      "blob");
}

static void check_round_trip(enum stage stage, bool inline_all)
{
	struct sheet *s = new_sheet(inline_all), *again = new_sheet(inline_all);
	struct imc_module *m = make_module(stage, &s->diags), *b;

	CHECK(imc_module_verify(m), "stage %d: %s", (int)stage, message(s));
	print(s, m);
	CHECK(inline_all == (s->blob.n == 0), "blob of %zu bytes", s->blob.n);
	b = parse(s, s->text.p, s->text.n);
	CHECK(b, "stage %d: %s", (int)stage, message(s));
	if (b) {
		print(again, b);
		check_equal(s, again, m, b);
		CHECK(imc_module_verify(b), "%s", message(s));
		for (size_t i = 0; i < b->g->n_value; i++) {
			struct imc_tensor *t = &b->g->value[i].t;

			CHECK(!t->data || imc_tensor_bytes(t) < 64 ||
				      (uintptr_t)t->data % 64 == 0,
			      "alignment");
		}
		imc_module_free(b);
	}
	imc_module_free(m);
	imc_arena_free(s->arena);
	imc_arena_free(again->arena);
}

/* Reads a damaged text of exactly this size; what is accepted must survive
 * the verifier and printing. A refusal has one message. */
static void read_damaged(struct sheet *s, const char *text, size_t size)
{
	char *exact = malloc(size ? size : 1);
	struct sheet *out = new_sheet(true);
	struct imc_module *m;

	memcpy(exact, text, size);
	out->blob = s->blob;
	m = parse(out, exact, size);
	CHECK(m ? out->diags.n == 0 : out->diags.n == 1, "%zu messages",
	      out->diags.n);
	if (m && m->g && imc_module_verify(m))
		print(out, m);
	imc_module_free(m);
	imc_arena_free(out->arena);
	free(exact);
}

static void check_damage(enum stage stage)
{
	static const char bytes[] = {0, ' ', '9', '-', '%', '"', '\n', '\x80'};
	struct sheet *s = new_sheet(false);
	struct imc_module *m = make_module(stage, &s->diags);

	print(s, m);
	for (size_t i = 0; i < s->text.n; i++)
		read_damaged(s, s->text.p, i);
	for (size_t i = 0; i < s->text.n; i++) {
		char was = s->text.p[i];

		s->text.p[i] = bytes[i % sizeof bytes];
		read_damaged(s, s->text.p, s->text.n);
		s->text.p[i] = (char)(was ^ 1 << i % 7);
		read_damaged(s, s->text.p, s->text.n);
		s->text.p[i] = was;
	}
	imc_module_free(m);
	imc_arena_free(s->arena);
}

static void check_blob_damage(void)
{
	struct sheet *s = new_sheet(false);
	struct imc_module *m = make_module(PLANNED, &s->diags), *b;

	print(s, m);
	s->blob.p[70] ^= 4;
	b = parse(s, s->text.p, s->text.n);
	CHECK(!b && strstr(message(s), "its check sum is wrong"), "%s",
	      message(s));
	s->diags.n = 0;
	s->blob.n -= 8;
	s->blob.p[70] ^= 4;
	b = parse(s, s->text.p, s->text.n);
	CHECK(!b && strstr(message(s), "its place is wrong"), "%s", message(s));
	imc_module_free(b);
	imc_module_free(m);
	imc_arena_free(s->arena);
}

/* Texts, and the whole message each gives. */
static void check_messages(void)
{
	static const char *const cases[][2] = {
		{"imcc-module 1\ngraph \"g\" nhwc\nnode n0 relu \"r\" () -> "
		 "()\n"
		 "error n0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 dac",
		 "toy.imc:4:38: error: expected adc, found 'dac'"},
		{"", "toy.imc:1:1: error: expected imcc-module, found the end "
		     "of the file"},
		{"imcc-module 2\n",
		 "toy.imc:1:13: error: expected an integer in its range, "
		 "found '2'"},
		{"imcc-module 1\n\nnonsense 3\n",
		 "toy.imc:3:1: error: expected a kind of line, found "
		 "'nonsense'"},
		{"imcc-module 1\nvalue %0 \"x\" ?\n",
		 "toy.imc:2:1: error: expected a graph line before, found "
		 "'value'"},
		{"imcc-module 1\ngraph \"g\" nhwc # c\nvalue %0 \"x\" i8[3\n",
		 "toy.imc:3:18: error: expected ',', found the end of the "
		 "line"},
		{"imcc-module 1\ngraph \"g\" nhwc\ninput %0\n",
		 "toy.imc:3:7: error: expected a value that was declared, "
		 "found '%0'"},
		{"imcc-module 1\ngraph \"g\" nhwc\nconst %1 \"w\" "
		 "i8[900000000] = {1}\n",
		 "toy.imc:3:31: error: expected a smaller shape before, found "
		 "'1}'"},
		{"imcc-module 1\ngraph \"g\" nhwc\nvalue %99999 \"x\" ?\n",
		 "toy.imc:3:7: error: expected a value id that is not far "
		 "off, found '%99999'"},
		{"imcc-module 1\ngraph \"g\" nhwc\nvalue %7 \"x\" ?\n"
		 "node n5 blur \"b\" (%7) -> (-)\n",
		 "toy.imc:4:9: error: expected an operator, found 'blur'"},
		{"imcc-module 1\ngraph \"g\" nhwc\nvalue %7 \"x\" ?\n"
		 "node n5 relu \"b\" (%7) -> (-) axis=1\n",
		 "toy.imc:4:30: error: expected an attribute of it, found "
		 "'axis=1'"},
		{"imcc-module 1\ngraph \"g\" nhwc\nconst %0 \"w\" i8[99] = "
		 "@\"f\" 0 99 00000000\n",
		 "toy.imc:3:41: error: constant 'w' is not in the binary "
		 "file: there is no such file"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sheet *s = new_sheet(false);
		struct imc_module *m =
			parse(s, cases[i][0], strlen(cases[i][0]));

		CHECK(!m && !strcmp(message(s), cases[i][1]), "%s", message(s));
		imc_module_free(m);
		imc_arena_free(s->arena);
	}
}

/* Ids may have gaps, and stay as they are. */
static void check_sparse_ids(void)
{
	static const char text[] =
		"imcc-module 1\ngraph \"g\" nhwc\n"
		"value %30 \"x\" f32[2]\nvalue %20 \"y\" f32[2]\n"
		"input %30\noutput %20\n"
		"node n9 relu \"r\" (%30) -> (%20)\n";
	struct sheet *s = new_sheet(true);
	struct imc_module *m = parse(s, text, strlen(text));

	CHECK(m && imc_module_verify(m), "%s", message(s));
	if (m) {
		CHECK(m->g->n_order == 1 && m->g->order[0].i == 9, "order");
		CHECK(m->g->input[0].i == 30, "input");
		print(s, m);
		CHECK(strstr(s->text.p, "node n9 relu \"r\" (%30) -> (%20)"),
		      "%s", s->text.p);
	}
	imc_module_free(m);
	imc_arena_free(s->arena);
}

/* Fault i of those that the verifier must name. */
static void break_rule(struct imc_module *m, int i)
{
	struct imc_node *n = &m->g->node[0];
	int32_t *shift = imc_node_in(m->g, n, 6)->t.data;

	if (i == 0)
		imc_node_out(m->g, n, 0)->scale = 0;
	if (i == 1)
		shift[3] = 63;
	if (i == 2) {
		n->a.slices[0] = 1;
		((int8_t *)imc_node_in(m->g, n, 1)->t.data)[5] = 8;
	}
	if (i == 3)
		shift[3] = 33;
	if (i == 4)
		m->map.tile[0].n_row--;
	if (i == 5)
		m->map.tile[0].array = 3;
	if (i == 6)
		m->plan.buffer[1].last = 1;
	if (i == 7)
		m->plan.buffer[3].offset = 64;
	if (i == 8)
		imc_node_out(m->g, &m->g->node[1], 0)->zero++;
	if (i == 9)
		m->g->order[0].i = 7;
	if (i == 10)
		m->plan.step[1].strip_rows = 0;
	if (i == 11)
		m->plan.step[1].strip_rows = 5;
	if (i == 12)
		m->plan.step[1].scratch = -1;
	if (i == 13)
		m->plan.buffer[3].size_bytes--;
	if (i == 14)
		m->plan.step[2].strip_rows = 1;
	if (i == 15)
		m->map.assign[0].tile_slices = 1;
	if (i == 16)
		imc_value_at(m->g, imc_node_in(m->g, n, 1)->scales)->t.dim[0]--;
	if (i == 17)
		imc_node_in(m->g, n, 1)->zero = 1 << 30;
	if (i == 18)
		imc_node_in(m->g, n, 1)->means = n->in[2];
	if (i == 19)
		m->opt.rounding = 3;
	if (i == 20)
		m->opt.residual = NAN;
}

/* Whole messages of the verifier, for one fault each. */
static void check_verifier(void)
{
	static const char *const want[] = {
		"q_conv2d 'node': 'c' is not quantised",
		"q_conv2d 'node': a shift is not 0 .. 62",
		"q_conv2d 'node': weight 8 is not 1 slices of 4 bits",
		"q_conv2d 'node': tile 0 has more than one ADC setting",
		"node 'node': bundle 0 block 0 has the wrong rows or columns",
		"tiles 0 and 1 overlap on array 3",
		"step 2 uses 'v', which has no buffer in L1 then",
		"buffers 0 and 3 overlap in step 1",
		"reshape 'node': its output has not the numbers of its input",
		"order has no use for node 7",
		"step 1 has strips of 0 rows",
		"step 1 has strips of 5 rows",
		"step 1 has no scratch",
		"the scratch of step 1 is too small",
		"step 2 has strips",
		"q_conv2d 'node': slices behind an ADC in tiles of 1",
		"'w' has no scales for it",
		"'w' has no given scale and zero",
		"'w' has no means, clips or divisors for it",
		"option rounding is 3",
		"option residual is nan",
	};

	for (int i = 0; i < (int)(sizeof want / sizeof *want); i++) {
		struct sheet *s = new_sheet(true);
		struct imc_module *m = make_module(PLANNED, &s->diags);

		break_rule(m, i);
		CHECK(!imc_module_verify(m) && strstr(message(s), want[i]),
		      "%d: %s", i, message(s));
		imc_module_free(m);
		imc_arena_free(s->arena);
	}
}

/* The same of binary cells, slices and copies. */
static void break_stack(struct imc_module *m, int i)
{
	struct imc_attrs *a = &m->g->node[0].a;
	struct imc_assign *as = &m->map.assign[0];

	if (i == 0)
		as->weight_bits = 5;
	if (i == 1)
		a->slices[0] = as->slices = as->weight_bits = 3;
	if (i == 2)
		a->slices[0] = as->slices = as->weight_bits = 1;
	if (i == 3)
		a->adc[0] = 1;
	if (i == 4)
		m->map.tile[1].array = 0;
	if (i == 5)
		m->map.tile[3].copy = 0;
	if (i == 6)
		as->engine = IMC_ENGINE_NONE;
	if (i == 7)
		as->act_bits = 9;
	if (i == 8)
		as->weight_bits = -1;
	if (i == 9)
		as->copies = INT32_MIN;
	if (i == 10)
		as->stores = -2;
	if (i == 11) {
		a->slices[0] = as->slices = 8;
		a->slice_bits[0] = 4;
	}
	if (i == 12)
		m->error[1].act[4] = NAN;
	if (i == 13)
		m->error[1].weight[2] = -1;
	if (i == 14)
		m->error[0].node = m->error[1].node;
	if (i == 15)
		m->error[1].node.i = 99;
	if (i == 16)
		m->opt.search = 2;
	if (i == 17)
		m->opt.max_drop = -1;
}

static void check_stacks(void)
{
	static const char *const want[] = {
		"q_conv2d 'node': weights of 5 bits in 4 slices of 1",
		"q_conv2d 'node': weight -7 is not 3 slices of 1 bits",
		"q_conv2d 'node': weight -7 is not 1 slices of 1 bits",
		"q_conv2d 'node': slices of 1 bit behind an ADC",
		"tiles 0 and 1 share array 0",
		"node 'node': tile n0 0 0 0 3 0 where n0 0 0 0 3 1",
		"q_conv2d 'node': it has no engine",
		"q_conv2d 'node': its assignment has act_bits 9",
		"q_conv2d 'node': its assignment has weight_bits -1",
		"q_conv2d 'node': its assignment has copies -2147483648",
		"q_conv2d 'node': its assignment has stores -2",
		"q_conv2d: slices have more bits than a weight",
		"q_conv2d 'node': an error of its bits is no number of 0 or "
		"more",
		"q_conv2d 'node': an error of its bits is no number of 0 or "
		"more",
		"errors of node 0, which is there twice",
		"errors of node 99, which is none",
		"option search is 2",
		"option max_drop is -1",
	};

	for (int i = 0; i < (int)(sizeof want / sizeof *want); i++) {
		struct sheet *s = new_sheet(true);
		struct imc_module *m = make_module(SPATIAL, &s->diags);

		break_stack(m, i);
		CHECK(!imc_module_verify(m) && strstr(message(s), want[i]),
		      "%d: %s", i, message(s));
		imc_module_free(m);
		imc_arena_free(s->arena);
	}
}

/* n_slice need not be given where a tile holds all slices of its node. */
static void check_default_slices(void)
{
	struct sheet *s = new_sheet(true);
	struct imc_module *m = make_module(PLACED, &s->diags), *b;
	static const char word[] = " n_slice=2";
	int n = 0;
	char *p;

	print(s, m);
	while ((p = strstr(s->text.p, word)) && ++n)
		memset(p, ' ', sizeof word - 1);
	b = parse(s, s->text.p, s->text.n);
	CHECK(n == 2 && b && imc_map_equal(&m->map, &b->map), "%d: %s", n,
	      message(s));
	imc_module_free(b);
	imc_module_free(m);
	imc_arena_free(s->arena);
}

/* The text with its n-th `word`, "patch_h=1" say, set to another value. */
static const char *with_value(struct sheet *s, const char *word, int n,
			      const char *value)
{
	size_t name = strlen(word) - 1;
	const char *p = s->text.p;

	while ((p = strstr(p, word)) && n--)
		p += name;
	return p ? imc_arena_printf(s->arena, "%.*s%s%s",
				    (int)(p - s->text.p + (ptrdiff_t)name),
				    s->text.p, value, p + name + 1)
		 : NULL;
}

/* Patches of the assignment and of tiles, set to what makes no sense. */
static void check_hostile_patches(void)
{
	static const char *const words[] = {"block_cols=8", "patch_h=1",
					    "patch_w=1", "rest_h=1",
					    "rest_w=1"};
	static const char *const values[] = {
		"0", "-1", "2",		 "5",		"1000000",
		"",  "x",  "2147483647", "-2147483648", "99999999999"};
	struct sheet *s = new_sheet(true);
	struct imc_module *m = make_module(PLANNED, &s->diags), *b;
	int n_case = 0, n_refused = 0;

	print(s, m);
	imc_module_free(m);
	for (size_t i = 0; i < 5 * 10 * 3; i++) {
		const char *text = with_value(s, words[i % 5], (int)(i / 50),
					      values[i / 5 % 10]);

		if (!text)
			continue;
		n_case++;
		s->diags.n = 0;
		b = parse(s, text, strlen(text));
		n_refused += !b || !imc_module_verify(b);
		CHECK(s->diags.n <= 1, "%zu messages", s->diags.n);
		imc_module_free(b);
	}
	/* Fine are: 0 in an assignment, and block_cols that limit nothing. */
	CHECK(n_case == 90 && n_refused == 83, "%d of %d", n_refused, n_case);
	imc_arena_free(s->arena);
}

int main(void)
{
	check_hostile_patches();
	for (int s = 0; s < N_STAGE; s++) {
		check_round_trip((enum stage)s, false);
		check_round_trip((enum stage)s, true);
	}
	check_messages();
	check_sparse_ids();
	check_verifier();
	check_stacks();
	check_default_slices();
	check_blob_damage();
	check_damage(FLOAT);
	check_damage(PLANNED);
	check_damage(SPATIAL);
	return check_result();
}
