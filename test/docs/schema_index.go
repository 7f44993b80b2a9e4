package main

import (
	"bytes"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// schemaIndex is the page that lists the schemas.
func schemaIndex(s *source) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, `%s# JSON Schemas

The form of the Fleet file and of every document that `+"`-o json` and `-o yaml`"+` print, in JSON Schema draft 7. They are made from
the comments of [%s](../../../%[2]s). Each is published below

    %[3]s

To have a Fleet file completed and checked while you write it, begin it with this line, as `+"`discover`"+` does, in an editor that
uses yaml-language-server (VS Code's YAML extension, Neovim, Helix and others do):

    %[4]s

The [reference of the Fleet file](../../reference/fleet.md) says the same for people. A schema cannot say everything: that
regions share nothing, and that files exist, `+"`plan`"+` checks.

| document | schema | says |
|---|---|---|
`, generated, apiFolder, v1alpha1.SchemaFolder, modeline)
	for _, kind := range s.kinds {
		fmt.Fprintf(&text, "| %s | [%s](%[2]s) | %s |\n", kind, schemaFile(kind), oneLine(s.structs[kind].doc))
	}
	text.WriteString(`
The Fleet and the Plan are read too, and refuse a field that they do not know. In the other documents a later version may add
fields. A list or a time without a value is null where the schema says so.

` + "`rbac -o json`" + ` prints a List of Kubernetes' own objects, and the forms of those are Kubernetes' to describe.
`)
	return text.Bytes()
}
