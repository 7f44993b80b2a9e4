package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clienttesting "k8s.io/client-go/testing"
)

const programImage = "registry.example.com/program:1"

// runProgram runs an agent that runs a shell script for pods of programImage, and creates one.
func (f *fixture) runProgram(t *testing.T, script string, change func(*corev1.Pod)) {
	t.Helper()
	f.options.Dir = t.TempDir()
	binary := filepath.Join(f.options.Dir, "binary")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\nPATH=/usr/bin:/bin\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	f.options.Run = map[string]string{programImage: binary}
	f.agent = New(f.options)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "job-0", UID: "uid-job", Annotations: map[string]string{"index": "4"}},
		Spec: corev1.PodSpec{
			NodeName: name, RestartPolicy: corev1.RestartPolicyNever,
			Containers: []corev1.Container{{
				Name: "x", Image: programImage, Args: []string{"-f", "/fleet/sub/a.yaml", "--shard=$(INDEX)/9"},
				Env: []corev1.EnvVar{
					{Name: "INDEX", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.annotations['index']"}}},
					{Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
						LocalObjectReference: corev1.LocalObjectReference{Name: "plain"}, Key: "token",
					}}},
					{Name: "TOKEN_FILE", Value: "/secret/token"},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "fleet", MountPath: "/fleet"}, {Name: "secret", MountPath: "/secret"}, {Name: "tmp", MountPath: "/tmp"}},
			}},
			Volumes: []corev1.Volume{
				{Name: "fleet", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
					LocalObjectReference: corev1.LocalObjectReference{Name: "fleet"}, Items: []corev1.KeyToPath{{Key: "a", Path: "sub/a.yaml"}},
				}}},
				{Name: "secret", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "plain"}}},
				{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			},
		},
	}
	if change != nil {
		change(pod)
	}
	for _, object := range []error{
		f.client.Tracker().Add(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "fleet"}, Data: map[string]string{"a": "the fleet"}}),
		f.client.Tracker().Add(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "plain"}, Data: map[string][]byte{"token": []byte("t0ken")}}),
	} {
		if object != nil {
			t.Fatal(object)
		}
	}
	f.create(t, pod)
	f.run(t)
}

// log is what the pod's process has written.
func (f *fixture) log() string { return strings.Join(f.agent.logs.of(namespace, "job-0"), "\n") }

// exited waits until the pod has this phase and exit code.
func (f *fixture) exited(t *testing.T, phase corev1.PodPhase, code int32) {
	t.Helper()
	eventually(t, func() error {
		pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "job-0", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, status := range pod.Status.ContainerStatuses {
			if ended := status.State.Terminated; pod.Status.Phase == phase && ended != nil && ended.ExitCode == code && !isReady(pod) {
				return nil
			}
		}
		return fmt.Errorf("want %s with %d, got %+v; log:\n%s", phase, code, pod.Status, f.log())
	})
}

// TestProgramRuns: a process gets the arguments, the environment and the files of its pod, and the
// pod's status says how it ended.
func TestProgramRuns(t *testing.T) {
	f := newFixture(t)
	f.runProgram(t, `echo "$3 $KEY $INDEX"; cat "$2" "$TOKEN_FILE"; echo kept > "$TMPDIR/file" && cat "$HOME/file"; exit "${CODE:-0}"`, nil)
	f.exited(t, corev1.PodSucceeded, 0)
	if want := "--shard=4/9 t0ken 4\nthe fleett0kenkept"; f.log() != want {
		t.Errorf("its log: %q, want %q", f.log(), want)
	}
}

// TestProgramFails: without an emptyDir, no temporary file can be written.
func TestProgramFails(t *testing.T) {
	f := newFixture(t)
	f.runProgram(t, `echo > "$TMPDIR/file" || exit 7`, func(pod *corev1.Pod) {
		pod.Spec.Containers[0].VolumeMounts = pod.Spec.Containers[0].VolumeMounts[:2]
	})
	f.exited(t, corev1.PodFailed, 7)
}

// delete marks the pod as being deleted.
func (f *fixture) delete(t *testing.T, grace int64) {
	t.Helper()
	eventually(t, func() error {
		pod, err := f.client.CoreV1().Pods(namespace).Get(t.Context(), "job-0", metav1.GetOptions{})
		if err == nil {
			pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds, pod.Finalizers = new(metav1.Now()), &grace, []string{"x/y"}
			_, err = f.client.CoreV1().Pods(namespace).Update(t.Context(), pod, metav1.UpdateOptions{})
		}
		return err
	})
}

// started waits for a line of the log, and returns the process ID that it holds.
func (f *fixture) started(t *testing.T) (pid int) {
	t.Helper()
	eventually(t, func() error {
		_, err := fmt.Sscanf(f.log(), "started %d", &pid)
		return err
	})
	return pid
}

// TestProgramIsDeleted: the process of a deleted pod is asked to end, and killed if it does not in
// time. The pod stays until its status says so.
func TestProgramIsDeleted(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		grace  int64
		code   int32
	}{
		"it ends":         {`trap 'exit 130' TERM; echo "started $$"; while :; do sleep 0.01; done`, 600, 130},
		"it does not end": {`trap '' TERM; echo "started $$"; while :; do sleep 0.01; done`, 1, 137},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.runProgram(t, test.script, nil)
			pid := f.started(t)
			f.delete(t, test.grace)
			eventually(t, func() error {
				last := corev1.PodStatus{}
				for _, action := range f.client.Actions() {
					if update, ok := action.(clienttesting.UpdateAction); ok && action.Matches("update", "pods") && action.GetSubresource() == "status" {
						last = update.GetObject().(*corev1.Pod).Status
					}
					if !action.Matches("delete", "pods") {
						continue
					}
					if last.Phase != corev1.PodFailed || last.ContainerStatuses[0].State.Terminated.ExitCode != test.code {
						t.Fatalf("the pod was removed with status %+v", last)
					}
					return nil
				}
				return errors.New("the pod is not gone")
			})
			if syscall.Kill(pid, 0) == nil {
				t.Error("the pod is gone, but not its process")
			}
			if _, err := os.Stat(filepath.Join(f.options.Dir, "uid-job")); err == nil {
				t.Error("its files are still there")
			}
		})
	}
}

// TestProgramVanishes: the process of a pod that is removed by force is killed.
func TestProgramVanishes(t *testing.T) {
	f := newFixture(t)
	f.runProgram(t, `trap '' TERM; echo "started $$"; while :; do sleep 0.01; done`, nil)
	pid := f.started(t)
	if err := f.client.CoreV1().Pods(namespace).Delete(t.Context(), "job-0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if syscall.Kill(pid, 0) == nil {
			return errors.New("the process is running")
		}
		return nil
	})
}

// TestProgramsThatCannotRun: what the lab cannot run as a kubelet would, it does not run otherwise.
func TestProgramsThatCannotRun(t *testing.T) {
	for want, change := range map[string]func(*corev1.Pod){
		"without envFrom and restarts":   func(pod *corev1.Pod) { pod.Spec.RestartPolicy = corev1.RestartPolicyAlways },
		"with its own entrypoint":        func(pod *corev1.Pod) { pod.Spec.Containers[0].Command = []string{"sh"} },
		`volume "host" is none`:          func(pod *corev1.Pod) { pod.Spec.Containers[0].VolumeMounts[0].Name = "host" },
		`configmap "other" not found`:    func(pod *corev1.Pod) { pod.Spec.Volumes[0].ConfigMap.Name = "other" },
		"references non-existent key: b": func(pod *corev1.Pod) { pod.Spec.Volumes[0].ConfigMap.Items[0].Key = "b" },
		"metadata.other":                 func(pod *corev1.Pod) { pod.Spec.Containers[0].Env[0].ValueFrom.FieldRef.FieldPath = "metadata.other" },
		`secret "another" not found`:     func(pod *corev1.Pod) { pod.Spec.Containers[0].Env[1].ValueFrom.SecretKeyRef.Name = "another" },
	} {
		t.Run(want, func(t *testing.T) {
			f := newFixture(t)
			f.runProgram(t, "echo started", change)
			eventually(t, func() error {
				events, err := f.client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{})
				if err != nil {
					return err
				}
				for _, event := range events.Items {
					if strings.Contains(event.Message, want) {
						return nil
					}
				}
				return fmt.Errorf("no event says %q: %+v", want, events.Items)
			})
			if strings.Contains(f.log(), "started") {
				t.Error("it ran")
			}
		})
	}
}

// TestInside: only whole elements of paths are replaced, the innermost mount counts, and what is
// replaced is not replaced again.
func TestInside(t *testing.T) {
	paths := mounts{"/tmp": "/tmp/lab/1", "/fleet": "/tmp/lab/2", "/fleet/own": "/tmp/lab/3"}
	for text, want := range map[string]string{
		"/fleet/fleet.yaml": "/tmp/lab/2/fleet.yaml", "--f=/fleet/own/a": "--f=/tmp/lab/3/a", "/tmp:/fleet,/x": "/tmp/lab/1:/tmp/lab/2,/x",
		"/fleets/a": "/fleets/a", "https://example.com/tmp": "https://example.com/tmp", "a/tmp": "a/tmp", "/fleet/": "/tmp/lab/2", "/": "/",
	} {
		if got := paths.inside(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
