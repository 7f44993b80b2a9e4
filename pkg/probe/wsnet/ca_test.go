package wsnet_test

import (
	"os"
	"path/filepath"
	"testing"
)

func caFile(t *testing.T, pem []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
