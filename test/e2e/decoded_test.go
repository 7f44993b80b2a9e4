package e2e

import (
	"encoding/json"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// decoded decodes the document in a result with -o json.
func decoded[T any](t *testing.T, result inlab.Result) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(result.Stdout), &out); err != nil {
		t.Fatalf("the document is not JSON: %v: %s", err, result)
	}
	return out
}
