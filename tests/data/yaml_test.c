/* YAML text: the tree it gives, and what is refused and where. */
#include <string.h>

#include "ir/support/yaml_events.h"
#include "tests/check.h"

#define OK(condition) CHECK(condition, "%s", "")

static void test_tree(void)
{
	static const char text[] = "name: \"x\"\n"
				   "ima:\n"
				   "  arrays: 34 # all\n"
				   "  list: [1, two, {a: b}]\n"
				   "last: ~\n";
	struct imc_arena *a = imc_arena_new();
	struct imc_diags d = {.arena = a};
	struct imc_yaml y;
	const struct imc_yaml_node *ima, *list, *n;

	OK(imc_yaml_read("h.yaml", text, strlen(text), a, &d, &y));
	CHECK(y.n == 10, "%zu", y.n);
	n = imc_yaml_get(&y, 0, "name");
	OK(n && n->quoted && !strcmp(n->text, "x"));
	ima = imc_yaml_get(&y, 0, "ima");
	OK(ima && ima->kind == IMC_YAML_MAP);
	n = imc_yaml_get(&y, (int)(ima - y.node), "arrays");
	OK(n && !strcmp(n->path, "ima.arrays") && !strcmp(n->text, "34") &&
	   !n->quoted);
	OK(n && n->loc.line == 3 && n->loc.col == 11 && n->key_loc.line == 3 &&
	   n->key_loc.col == 3);
	list = imc_yaml_get(&y, (int)(ima - y.node), "list");
	OK(list && list->kind == IMC_YAML_LIST);
	n = imc_yaml_child(&y, (int)(list - y.node), 1);
	OK(n && !strcmp(n->text, "two") && !strcmp(n->path, "ima.list[1]"));
	OK(!imc_yaml_child(&y, (int)(list - y.node), 3));
	OK(!imc_yaml_get(&y, (int)(ima - y.node), "last"));
	OK(imc_yaml_get(&y, 0, "last") != NULL);
	OK(imc_yaml_read("e", "# nothing\n", 10, a, &d, &y) && y.n == 0);
	imc_arena_free(a);
}

static const struct {
	const char *text, *said;
} refused[] = {
	{"a: &x 1\n",
	 "h.yaml:1:4: error: not readable YAML: anchors and tags are not "
	 "supported"},
	{"a: *x\n",
	 "h.yaml:1:4: error: not readable YAML: aliases are not supported"},
	{"a: !!int 3\n",
	 "h.yaml:1:4: error: not readable YAML: anchors and tags are not "
	 "supported"},
	{"a: 1\nb: 2\na: 3\n", "h.yaml:3:1: error: key 'a' is given twice"},
	{"[a]: 1\n",
	 "h.yaml:1:1: error: not readable YAML: a key must be plain text"},
	{"a: 1\n---\nb: 2\n",
	 "h.yaml:2:1: error: not readable YAML: a second document in one file"},
	{"[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]",
	 "h.yaml:1:17: error: not readable YAML: nested too deeply"},
	{"a: \"\\0\"\n",
	 "h.yaml:1:4: error: not readable YAML: a zero byte inside text"},
	{"a: [1, 2\n",
	 "h.yaml:2:1: error: not readable YAML: did not find expected ',' or "
	 "']'"},
	{"a: \xff\n",
	 "h.yaml: error: not readable YAML: invalid leading UTF-8 octet"},
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct imc_arena *a = imc_arena_new();
		struct imc_diags d = {.arena = a};
		struct imc_yaml y;

		OK(!imc_yaml_read("h.yaml", refused[i].text,
				  strlen(refused[i].text), a, &d, &y));
		CHECK(d.n == 1 && !strcmp(d.v[0].text, refused[i].said), "%s",
		      d.n ? d.v[0].text : "");
		imc_arena_free(a);
	}
}

int main(void)
{
	test_tree();
	test_refused();
	return check_result();
}
