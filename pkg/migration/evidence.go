package migration

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// keepEvidence writes the satellite's pods, events and last log lines, and the run's records, to a new folder, and returns
// its path.
func keepEvidence(ctx context.Context, run *Run, operation string) (string, error) {
	if run.Options.EvidenceDir == "" {
		return "", nil
	}
	region := run.Source.Region
	at := run.Clock.Now().UTC().Format("20060102T150405Z")
	dir := filepath.Join(run.Options.EvidenceDir, fmt.Sprintf("%s-%s-%s", region.Name, operation, at))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	files, errs := map[string][]byte{}, []error{}
	if !region.Satellite.None() {
		seen, err := run.Source.Satellite().Evidence(ctx)
		maps.Copy(files, seen)
		errs = append(errs, err)
	}
	for name, record := range map[string]*journal.Record{"journal.yaml": run.SatelliteRecord, "journal-provider.yaml": run.ProviderRecord} {
		if record == nil {
			continue
		}
		text, err := yaml.Marshal(record)
		files[name], errs = text, append(errs, err)
	}
	for name, content := range files {
		errs = append(errs, os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(redact.Text(string(content))), 0o600))
	}
	return dir, errors.Join(errs...)
}
