package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	mit = "Permission is hereby granted, free of charge, to any person\nobtaining a copy of this software"
	bsd = "Redistributions of source code must retain the above copyright\nnotice, this list of conditions"
)

func TestClassify(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"Apache":             {"Apache License\n  Version 2.0, January 2004", []string{"Apache-2.0"}},
		"MIT":                {mit, []string{"MIT"}},
		"ISC":                {"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted", []string{"ISC"}},
		"BSD, two clauses":   {bsd, []string{"BSD-2-Clause"}},
		"BSD, three clauses": {bsd + "\nmay be used to endorse or promote products derived from this software", []string{"BSD-3-Clause"}},
		"quoted":             {"> Redistributions of source code must retain\n> the above copyright notice", []string{"BSD-2-Clause"}},
		"Mozilla":            {"Mozilla Public License, version 2.0 ... GNU General Public License, Version 2.0", []string{"MPL-2.0"}},
		"two in one file":    {mit + "\n\nApache License, Version 2.0", []string{"Apache-2.0", "MIT"}},
		"GPL":                {"GNU GENERAL PUBLIC LICENSE\nVersion 3", []string{"GPL"}},
		"MIT or GPL":         {mit + " or the GNU General Public License", []string{"GPL", "MIT"}},
		"anything else":      {"All rights reserved.", []string{"unknown"}},
		"empty":              {"", []string{"unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, classify([]byte(test.text))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Copied code has its licence next to it, even if the module itself has another one.
func TestLicensesOfAModule(t *testing.T) {
	folder := t.TempDir()
	copied := filepath.Join(folder, "third_party", "forked", "json")
	if err := os.MkdirAll(copied, 0o755); err != nil {
		t.Fatal(err)
	}
	m := module{path: "example.com/m", version: "v1.0.0", folder: folder}
	check := func(what string, packages []string, want ...string) {
		t.Helper()
		got, err := licenses(m, packages)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", what, diff)
		}
	}
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check("no file", []string{copied}, "no licence")
	write(filepath.Join(folder, "LICENSE"), mit)
	write(filepath.Join(folder, "license.go"), "package m")
	write(filepath.Join(folder, "LICENSE.docs"), "Creative Commons")
	write(filepath.Join(folder, "third_party", "forked", "COPYING"), "GNU General Public License")
	check("its packages, and those copied", []string{folder, copied}, "GPL", "MIT")
	check("the copied ones are not linked", []string{folder}, "MIT")
}
