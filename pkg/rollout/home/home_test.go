package home_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout/home"
)

const primary = "https://coder.example.com"

func fails(region string) func(*rollout.WaveState) bool {
	return func(wave *rollout.WaveState) bool {
		if wave.Failed == nil {
			wave.Failed = map[string]time.Time{}
		}
		wave.Failed[region] = time.Unix(100, 0).UTC()
		return true
	}
}

// What one machine writes, another reads, wave by wave. The rollout of another primary is another.
func TestHome(t *testing.T) {
	client := fake.NewClientset()
	one, two := home.At(client, "main", "rollouts", primary), home.At(client, "main", "rollouts", primary)
	if state, err := one.Load(t.Context()); err != nil || len(state) > 0 {
		t.Fatalf("before the rollout: %v, %v", state, err)
	}
	for _, update := range []error{one.Update(t.Context(), "a", fails("sydney")), two.Update(t.Context(), "a", fails("ohio")), two.Update(t.Context(), "b.1", fails("london"))} {
		if update != nil {
			t.Fatal(update)
		}
	}
	if err := one.Update(t.Context(), "b.1", func(wave *rollout.WaveState) bool { wave.Failed = nil; return false }); err != nil {
		t.Fatal(err)
	}
	state, err := one.Load(t.Context())
	at := time.Unix(100, 0).UTC()
	want := rollout.State{"a": {Failed: map[string]time.Time{"sydney": at, "ohio": at}}, "b.1": {Failed: map[string]time.Time{"london": at}}}
	if diff := cmp.Diff(want, state); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if state, err := home.At(client, "main", "rollouts", "https://staging.example.com").Load(t.Context()); err != nil || len(state) > 0 {
		t.Errorf("of another primary: %v, %v", state, err)
	}
}

// Many machines write at once, and nothing is lost: the API server refuses what rests on an old version.
func TestManyWriters(t *testing.T) {
	client := fake.NewClientset()
	var mu sync.Mutex
	client.PrependReactor("update", "configmaps", func(action clienttesting.Action) (bool, runtime.Object, error) {
		mu.Lock()
		defer mu.Unlock()
		update := action.(clienttesting.UpdateAction)
		object := update.GetObject().(*corev1.ConfigMap).DeepCopy()
		now, err := client.Tracker().Get(update.GetResource(), object.Namespace, object.Name)
		if err != nil {
			return true, nil, err
		}
		if version := now.(*corev1.ConfigMap).ResourceVersion; object.ResourceVersion != version {
			return true, nil, apierrors.NewConflict(update.GetResource().GroupResource(), object.Name, errors.New("it was "+version))
		}
		object.ResourceVersion += "1"
		return true, object, client.Tracker().Update(update.GetResource(), object, object.Namespace)
	})
	if err := home.At(client, "main", "rollouts", primary).Update(t.Context(), "a", fails("first")); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			if err := home.At(client, "main", "rollouts", primary).Update(t.Context(), "a", fails(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	state, err := home.At(client, "main", "rollouts", primary).Load(t.Context())
	if err != nil || len(state["a"].Failed) != 7 {
		t.Errorf("%v, %v", state, err)
	}
}

// Errors name the ConfigMap and the context, and nothing is overwritten that is not understood.
func TestHomeErrors(t *testing.T) {
	refuses := func(verb string) *fake.Clientset {
		client := fake.NewClientset()
		client.PrependReactor(verb, "*", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, errors.New("the disk is full")
		})
		return client
	}
	broken := fake.NewClientset()
	if err := home.At(broken, "main", "rollouts", primary).Update(t.Context(), "a", fails("sydney")); err != nil {
		t.Fatal(err)
	}
	maps, err := broken.CoreV1().ConfigMaps("rollouts").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(maps.Items) != 1 {
		t.Fatal(maps, err)
	}
	maps.Items[0].Data["a"] = "{"
	if _, err := broken.CoreV1().ConfigMaps("rollouts").Update(t.Context(), &maps.Items[0], metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		client *fake.Clientset
		says   []string
	}{
		"it cannot be read":       {refuses("get"), []string{"rollouts/coder-satellite-rollout-", "cannot be used", "the disk is full"}},
		"it cannot be written":    {refuses("create"), []string{"cannot be used", "the disk is full"}},
		"it cannot be understood": {broken, []string{"cannot be understood", `the wave "a"`, "remove that key"}},
	} {
		err := home.At(test.client, "main", "rollouts", primary).Update(context.Background(), "a", fails("ohio"))
		for _, says := range test.says {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
