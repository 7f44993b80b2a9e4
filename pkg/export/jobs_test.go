package export

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// jobsOf exports the fleet in a file.
func jobsOf(t *testing.T, file string, change func(*fleet.Fleet, *JobOptions)) ([]File, error) {
	t.Helper()
	f, err := fleet.ReadFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o := JobOptions{
		Image: "registry.example.com/coder-satellite:v0.1.0", Namespace: "coder-satellite-jobs", KubeconfigSecret: "kubeconfig", TokenSecret: "token",
		File: data, Folder: filepath.Dir(file),
	}
	if change != nil {
		change(f, &o)
	}
	return Jobs(f, o)
}

// in returns the object of a kind in a file.
func in[O any](t *testing.T, file File, kind string) (object O) {
	t.Helper()
	for document := range strings.SplitSeq(file.Text, "\n---\n") {
		if strings.Contains(document, "\nkind: "+kind) {
			if err := yaml.UnmarshalStrict([]byte(document), &object); err != nil {
				t.Fatalf("%v:\n%s", err, document)
			}
			return object
		}
	}
	t.Fatalf("no %s in %s", kind, file.Text)
	return object
}

// The files are as they were looked at, are the same the second time, and have no field that Kubernetes does not know.
func TestGoldenJobs(t *testing.T) {
	file := filepath.Join("testdata", "fleets", "waves.yaml")
	files, err := jobsOf(t, file, nil)
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	again, _ := jobsOf(t, file, nil)
	if diff := cmp.Diff(files, again); diff != "" {
		t.Errorf("the second time:\n%s", diff)
	}
	var text strings.Builder
	for _, file := range files {
		text.WriteString("## " + file.Name + "\n" + file.Text)
		if file.Alone || !strings.HasPrefix(file.Text, "# Written by `kubectl coder-satellite export`") {
			t.Errorf("%+v", file)
		}
	}
	golden := filepath.Join("testdata", "jobs.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if diff := cmp.Diff(string(want), text.String()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if last := in[batchv1.Job](t, files[2], "Job"); *last.Spec.Completions != 3 || *last.Spec.Parallelism != 2 || last.Name != "coder-satellite-wave-2" {
		t.Errorf("%+v", last)
	}
}

// A pod finds all files where the Fleet file names them, and with the same content.
func TestJobsKeepPaths(t *testing.T) {
	file := filepath.Join("testdata", "fleets", "waves.yaml")
	files, err := jobsOf(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, job := in[corev1.ConfigMap](t, files[0], "ConfigMap"), in[batchv1.Job](t, files[1], "Job")
	pod, root := job.Spec.Template.Spec, t.TempDir()
	for _, item := range pod.Volumes[0].ConfigMap.Items {
		path := filepath.Join(root, item.Path)
		if strings.Contains(item.Path, "..") || os.MkdirAll(filepath.Dir(path), 0o700) != nil || os.WriteFile(path, []byte(stored.Data[item.Key]), 0o600) != nil {
			t.Fatal(item)
		}
	}
	mounted := filepath.Join(root, strings.TrimPrefix(pod.Containers[0].Args[1], "--filename="+pod.Containers[0].VolumeMounts[0].MountPath))
	got, err := fleet.ReadFile(mounted, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := fleet.ReadFile(file, nil)
	for i, region := range want.Regions {
		for j, values := range region.Satellite.ValueFiles {
			a, errA := os.ReadFile(values)
			b, errB := os.ReadFile(got.Regions[i].Satellite.ValueFiles[j])
			if errA != nil || errB != nil || string(a) != string(b) {
				t.Errorf("%s: %v %v %q %q", values, errA, errB, a, b)
			}
		}
	}
}

// --shards limits the pods of a wave; each of its regions belongs to one of them.
func TestShards(t *testing.T) {
	for shards, want := range map[int][2]int32{0: {3, 2}, 1: {1, 1}, 2: {2, 2}, 9: {3, 2}} {
		files, err := jobsOf(t, filepath.Join("testdata", "fleets", "waves.yaml"), func(_ *fleet.Fleet, o *JobOptions) { o.Shards = shards })
		if err != nil {
			t.Fatal(err)
		}
		job := in[batchv1.Job](t, files[2], "Job")
		if got := [2]int32{*job.Spec.Completions, *job.Spec.Parallelism}; got != want {
			t.Errorf("%d: %v, want %v", shards, got, want)
		}
		if shard := fmt.Sprintf("--shard=$(JOB_COMPLETION_INDEX)/%d", want[0]); !slices.Contains(job.Spec.Template.Spec.Containers[0].Args, shard) {
			t.Errorf("%d: %v", shards, job.Spec.Template.Spec.Containers[0].Args)
		}
	}
}

// What a Job cannot do is refused, and no secret is quoted.
func TestJobsRefuse(t *testing.T) {
	const region = "regions: [{name: sydney, context: sydney, accessURL: 'https://coder-sydney.example.com'}, {name: ohio, context: ohio, accessURL: 'https://coder-ohio.example.com'}]\n"
	const coder, home = "coder: {url: 'https://coder.example.com'}\n", "rollout: {home: main, waves: [{name: a.b, regions: [sydney]}, {}]}\n"
	dir := t.TempDir()
	absolute := filepath.Join(dir, "absolute.yaml")
	for name, text := range map[string]string{
		"absolute.yaml": "a: 1\n", "secret.yaml": "coderd: {password: hunter2}\n", "comment.yaml": "a: 1\n# password: hunter2\n",
		"binary.yaml": "a: \xff\n", "big.yaml": "a: " + strings.Repeat("x", maxConfigMap) + "\n", "list.yaml": "[hunter2]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with := func(values string) string { return coder + "defaults: {values: [" + values + "]}\n" + region + home }
	for want, test := range map[string]struct {
		text   string
		change func(*fleet.Fleet, *JobOptions)
	}{
		"rollout.home is missing":                           {text: coder + region},
		"coder.url is missing":                              {text: region + home},
		"the pods have no file ./smoke.sh for the gate":     {text: coder + region + strings.Replace(home, "regions: [sydney]", "regions: [sydney], gates: [{exec: [./smoke.sh]}, {exec: [/bin/sh]}]", 1)},
		"absolute.yaml: a pod has this file only if":        {text: with(absolute)},
		"secret.yaml: values that look like secrets":        {text: with("secret.yaml")},
		"comment.yaml: values that look like secrets":       {text: with("comment.yaml")},
		"list.yaml is not YAML":                             {text: with("list.yaml")},
		"binary.yaml is not text in UTF-8":                  {text: with("binary.yaml")},
		"and a ConfigMap holds 1048576":                     {text: with("big.yaml")},
		"is a folder or file on this machine, which no pod": {text: coder + "chart: {name: ./coder.tgz}\n" + region + home},
		`wave "a_b": its Job cannot be named`:               {text: coder + region + "rollout: {home: main, waves: [{name: a.b, regions: [sydney]}, {name: a_b}]}\n"},
		"which is too long":                                 {text: coder + region + "rollout: {home: main, waves: [{name: " + strings.Repeat("a", 40) + "}]}\n"},
		"a Job migrates the whole wave": {text: coder + region + "rollout: {home: main, waves: [{name: all}]}\n", change: func(f *fleet.Fleet, _ *JobOptions) {
			f.Waves[0].Regions = f.Waves[0].Regions[:1]
		}},
	} {
		t.Run(want, func(t *testing.T) {
			file := filepath.Join(dir, "fleet.yaml")
			if err := os.WriteFile(file, []byte("apiVersion: coder-satellite.dev/v1alpha1\nkind: Fleet\n"+test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := jobsOf(t, file, test.change)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		})
	}
}
