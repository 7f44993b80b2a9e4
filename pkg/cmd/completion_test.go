package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstallCompleter(t *testing.T) {
	_, script := completer("linux")
	_, batch := completer("windows")
	older := strings.Replace(script, "exec ", "exec env ", 1)
	for name, test := range map[string]struct {
		there string // the existing file's content; "" for no file
		wrote bool
		says  string // part of the error
	}{
		"new":               {wrote: true},
		"there already":     {there: script},
		"an older one":      {there: older, wrote: true},
		"somebody else's":   {there: "#!/bin/sh\n", says: "not written by this plugin"},
		"an empty one":      {there: " ", says: "--dir"},
		"Windows's, by now": {there: batch, wrote: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, completerFile)
			if test.there != "" {
				if err := os.WriteFile(file, []byte(test.there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			wrote, err := installCompleter(file, script)
			if wrote != test.wrote || (err != nil) != (test.says != "") {
				t.Fatalf("wrote %t, error %v", wrote, err)
			}
			want := script
			if err != nil {
				want = test.there
				if !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), file) {
					t.Errorf("the error says %q", err)
				}
			}
			content, err := os.ReadFile(file)
			if err != nil || string(content) != want {
				t.Errorf("the file is %q, %v", content, err)
			}
			if info, err := os.Stat(file); err != nil || test.says == "" && info.Mode().Perm() != 0o755 {
				t.Errorf("mode %v, %v", info.Mode(), err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
	if _, err := installCompleter(filepath.Join(t.TempDir(), "none", completerFile), script); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

// On Windows the completion script is a batch file, which kubectl finds by its extension.
func TestCompleterForWindows(t *testing.T) {
	name, text := completer("windows")
	if name != "kubectl_complete-coder_satellite.cmd" {
		t.Errorf("its name is %s", name)
	}
	if !strings.HasSuffix(text, "__complete %*\r\n") || !strings.Contains(text, completerMark) {
		t.Errorf("it is %q", text)
	}
}

func TestOnPath(t *testing.T) {
	path := strings.Join([]string{"/usr/bin", "/home/me/bin/"}, string(os.PathListSeparator))
	for dir, want := range map[string]bool{"/usr/bin": true, "/usr/bin/": true, "/home/me/bin": true, "/usr": false, "/home/me": false} {
		if got := onPath(dir, path); got != want {
			t.Errorf("%s: %t", dir, got)
		}
	}
}
