package pages

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	page, err := Parse("a.md", "Type `x`:\n\n<!-- test: exit 5 -->\n<!-- test: before kubectl coder-satellite retain -f fleet.yaml -->\n"+
		"   ```sh\n   # why\n   one --flag \\\n     two\n\n   three |\n     four\n   ```\nand\n```console\n$ five\nout\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Blocks) != 2 || !reflect.DeepEqual(page.Spans(), []string{"x"}) {
		t.Fatalf("read %+v", page)
	}
	first, second := page.Blocks[0], page.Blocks[1]
	if want := (Marks{Exit: 5, Before: []string{"kubectl coder-satellite retain -f fleet.yaml"}}); !reflect.DeepEqual(first.Marks, want) || first.Line != 5 {
		t.Errorf("the first block, at %d, has %+v", first.Line, first.Marks)
	}
	if want := []string{"one --flag \\\n  two", "three |\n  four"}; !reflect.DeepEqual(first.Commands(), want) {
		t.Errorf("the first block's commands are %q", first.Commands())
	}
	if want := []string{"five"}; !reflect.DeepEqual(second.Commands(), want) || second.Exit != 0 {
		t.Errorf("the second block's commands are %q, with %+v", second.Commands(), second.Marks)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"```sh\na\n", "<!-- test: skipped x -->", "<!-- test: exit no -->", "<!-- test: skip -->", "<!-- test: keep it -->"} {
		if _, err := Parse("a.md", text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

func TestPlugin(t *testing.T) {
	for command, want := range map[string][][]string{
		"kubectl get pods":                  nil,
		"kubectl coder-satellite":           {{}},
		"kubectl coder-satellite plan -f a": {{"plan", "-f", "a"}},
		"if ! X=1 kubectl coder-satellite plan > a.json 2>&1; then kubectl coder-satellite status; fi # kubectl coder-satellite no": {{"plan"}, {"status"}},
		`kubectl coder-satellite unlock --reason "the laptop's" -l 'a in (b,c)' --set a=\"b | cat`:                                  {{"unlock", "--reason", "the laptop's", "-l", "a in (b,c)", "--set", `a="b`}},
		"x=$(kubectl coder-satellite plan -o json) \\\n && kubectl coder-satellite \\\n  status":                                    {{"plan", "-o", "json"}, {"status"}},
	} {
		if got := Plugin(command); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, want %q", command, got, want)
		}
	}
}

func TestScripts(t *testing.T) {
	workflow := Block{Language: "yaml", Text: "on: push\njobs:\n  plan:\n    steps:\n    - uses: a\n    - run: |\n        one\n        two\n  apply:\n    steps:\n    - run: three\n"}
	got, err := workflow.Scripts()
	if want := []string{"one\ntwo", "three"}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := (Block{Language: "yaml", Text: "kind: Fleet\n"}).Scripts(); err != nil || got != nil {
		t.Errorf("of a Fleet: %q, %v", got, err)
	}
}
