package export

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

const (
	maxConfigMap = 1 << 20 // bytes, of Kubernetes
	maxJobName   = 52      // so that the name of its hundred-thousandth pod is a host's name, too
)

// JobOptions say how Kubernetes' own Jobs run a rollout.
type JobOptions struct {
	Image, Namespace              string // the plugin's image; where the Jobs and what they need are
	KubeconfigSecret, TokenSecret string // the operator's Secrets in that namespace
	Shards                        int    // the most pods that share a wave; 0 for one for each region
	File                          []byte // the Fleet file; paths in it are relative to Folder
	Folder                        string
}

// jobs is what the templates show.
type jobs struct {
	JobOptions
	Data, Paths  map[string]string // the ConfigMap's, and the paths of its keys where it is mounted
	Main         string            // the path of the Fleet file there
	ConfigMap    string            // its name, with a digest: a Job keeps the Fleet that it was made for
	Wave         fleet.Wave
	Name         string // of the Job
	Pods, AtOnce int
}

// Jobs returns a file with what all Jobs need, and one with an Indexed Job for each wave of the fleet, whose home and
// CoderURL must be set. A wave's regions are shared by the Job's pods, which keep the waves' order by what is at the home.
func Jobs(f *fleet.Fleet, o JobOptions) (files []File, err error) {
	all := jobs{JobOptions: o}
	switch err = all.collect(); {
	case f.Home == (fleet.Home{}):
		return nil, errors.New("rollout.home is missing in the Fleet file: write the context of the cluster where pods learn when the wave before theirs is done")
	case f.CoderURL == "":
		return nil, errors.New("coder.url is missing in the Fleet file: a pod has no other login than its token")
	case err != nil:
		return nil, err
	}
	files, err = renderTo(nil, nil, "_shared.yaml", "jobs-shared.tmpl", all)
	for _, wave := range f.Waves {
		size, one := len(wave.Regions), all
		if size == 0 { // it is not selected
			continue
		}
		one.Wave, one.Name, one.Pods = wave, fleet.Region{Name: "wave-" + wave.Name}.Object(), min(cmp.Or(o.Shards, size), size)
		one.AtOnce = min(wave.MaxParallel, one.Pods)
		switch file := one.Name + ".yaml"; {
		case size != len(wave.All):
			err = errors.Join(err, fmt.Errorf("wave %q: a Job migrates the whole wave; select with --wave only", wave.Name))
		case len(one.Name) > maxJobName || slices.ContainsFunc(files, func(other File) bool { return other.Name == file }):
			err = errors.Join(err, fmt.Errorf("wave %q: its Job cannot be named %s, which is too long or another wave's: rename the wave", wave.Name, one.Name))
		default:
			files, err = renderTo(files, err, file, "job.tmpl", one)
		}
	}
	return files, err
}

// collect reads the files that the Fleet file names. It keeps how they are placed to each other, below one folder.
func (j *jobs) collect() error {
	var named struct {
		Coder    struct{ CAFile string }
		Chart    struct{ Name string }
		Defaults struct{ Values []string }
		Regions  []struct{ Values []string }
		Rollout  struct {
			Waves []struct{ Gates []struct{ Exec []string } }
		}
	}
	err := yaml.Unmarshal(j.File, &named)
	if name := named.Chart.Name; !strings.HasPrefix(name, oci) && strings.ContainsAny(name, `/\.`) {
		err = fmt.Errorf("the chart %s is a folder or file on this machine, which no pod has: publish it, and name its repository or an oci:// reference", name)
	}
	for _, wave := range named.Rollout.Waves {
		for _, gate := range wave.Gates {
			if len(gate.Exec) > 0 && strings.Contains(gate.Exec[0], "/") && !path.IsAbs(gate.Exec[0]) {
				err = errors.Join(err, fmt.Errorf("the pods have no file %s for the gate of a wave: put it into the image, and write its path there", gate.Exec[0]))
			}
		}
	}
	names := slices.Concat(named.Defaults.Values, []string{named.Coder.CAFile})
	for _, region := range named.Regions {
		names = append(names, region.Values...)
	}
	texts, up := map[string]string{"fleet.yaml": string(j.File)}, "" // by path from the Fleet file; how far one leads up
	for _, name := range names {
		data, bad := os.ReadFile(filepath.Join(j.Folder, name))
		switch {
		case name == "":
			continue
		case filepath.IsAbs(name):
			bad = fmt.Errorf("the Fleet file names %s: a pod has this file only if its path is relative to the Fleet file", name)
		case bad == nil && name != named.Coder.CAFile:
			bad = noSecrets(name, data)
		}
		clean := path.Clean(filepath.ToSlash(name))
		err, texts[clean] = errors.Join(err, bad), string(data)
		for strings.HasPrefix(clean, up+"../") {
			up += "../"
		}
	}
	up = strings.ReplaceAll(up, "..", "up")
	j.Main, j.Data, j.Paths = up+"fleet.yaml", map[string]string{}, map[string]string{}
	size := 0
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		at := path.Join(up, name)
		key := regexp.MustCompile(`[^-._a-zA-Z0-9]`).ReplaceAllString(at, "_")
		for j.Paths[key] != "" {
			key += "_"
		}
		j.Data[key], j.Paths[key] = texts[name], at
		if size += len(key) + len(texts[name]); !utf8.ValidString(texts[name]) {
			err = errors.Join(err, fmt.Errorf("%s is not text in UTF-8", name))
		}
	}
	content, _ := json.Marshal([]any{j.Data, j.Paths}) // strings
	digest := sha256.Sum256(content)
	j.ConfigMap = fmt.Sprintf("coder-satellite-fleet-%x", digest[:4])
	if size > maxConfigMap {
		err = errors.Join(err, fmt.Errorf("the Fleet file and the files that it names are %d bytes, and a ConfigMap holds %d: use a Fleet file for each part", size, maxConfigMap))
	}
	return err
}

// noSecrets returns an error if values, or comments on them, look like secrets.
func noSecrets(file string, data []byte) error {
	var table map[string]any
	if err := yaml.Unmarshal(data, &table); err != nil {
		return fmt.Errorf("%s is not YAML: %w", file, redact.Quotations(err))
	}
	redact.Object(table)
	secrets := takeSecrets(table, "")
	for line := range strings.Lines(string(data)) {
		if comment, is := strings.CutPrefix(strings.TrimSpace(line), "#"); is && strings.Contains(redact.Text(comment+"\n"), redact.Mark) {
			secrets = append(secrets, "a comment")
		}
	}
	if len(secrets) > 0 {
		return fmt.Errorf("%s: values that look like secrets must not go into a ConfigMap: %s. Use settings of the chart that name a Secret",
			file, strings.Join(slices.Compact(secrets), ", "))
	}
	return nil
}
