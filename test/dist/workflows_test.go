package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A tag of an action can be moved to other code; a commit cannot.
func TestActionsArePinned(t *testing.T) {
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows (%v)", err)
	}
	pinned := regexp.MustCompile(`uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v[0-9.]+$`)
	digests := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			_, use, uses := strings.Cut(line, "uses: ")
			if !uses {
				continue
			}
			if !pinned.MatchString(line) {
				t.Errorf("%s: %q: want ACTION@COMMIT # VERSION", filepath.Base(file), line)
			}
			action, digest, _ := strings.Cut(use, "@")
			if other, seen := digests[action]; seen && other != digest {
				t.Errorf("%s: %s is at %s, elsewhere at %s", filepath.Base(file), action, digest, other)
			}
			digests[action] = digest
		}
	}
}
