(* Margins of integer layers that hold on whole boxes of inputs.

   A unit reads x and gives s = bias + w . x. To the goodness of class k it adds
   factor * relu (s + offset) ^ p, with p = 1 or 2: labels in the input are offsets,
   projections are factors. All numbers are integers. *)

From Coq Require Import ZArith List Bool Lia Znumtheory.
Import ListNotations.
Open Scope Z_scope.

(** * Units, parts, goodness *)

Definition relu (z : Z) : Z := Z.max 0 z.

Definition part := (Z * Z)%type. (* offset, factor *)

Record unit_ := Unit { weights : list Z; bias : Z; parts : list part }.

Definition power (squared : bool) (z : Z) : Z := if squared then z * z else z.

Definition value (squared : bool) (p : part) (s : Z) : Z :=
  snd p * power squared (relu (s + fst p)).

Fixpoint dot (w x : list Z) : Z :=
  match w, x with
  | a :: w', b :: x' => a * b + dot w' x'
  | _, _ => 0
  end.

Fixpoint norm1 (w : list Z) : Z :=
  match w with
  | nil => 0
  | a :: w' => Z.abs a + norm1 w'
  end.

Fixpoint sum (l : list Z) : Z :=
  match l with
  | nil => 0
  | a :: l' => a + sum l'
  end.

Definition pre (u : unit_) (x : list Z) : Z := bias u + dot (weights u) x.

Definition part_of (k : nat) (l : list part) : part := nth k l (0, 0).

Definition goodness (squared : bool) (layer : list unit_) (k : nat) (x : list Z) : Z :=
  sum (map (fun u => value squared (part_of k (parts u)) (pre u x)) layer).

(** * Every part is monotone in s *)

Lemma power_rises squared a b : 0 <= a <= b -> power squared a <= power squared b.
Proof. destruct squared; simpl; nia. Qed.

Lemma power_nonneg squared a : 0 <= a -> 0 <= power squared a.
Proof. destruct squared; simpl; nia. Qed.

Lemma relu_rises a b : a <= b -> 0 <= relu a <= relu b.
Proof. unfold relu; lia. Qed.

Definition least (squared : bool) (p : part) (lo hi : Z) : Z :=
  value squared p (if 0 <=? snd p then lo else hi).

Definition most (squared : bool) (p : part) (lo hi : Z) : Z :=
  value squared p (if 0 <=? snd p then hi else lo).

Lemma value_between squared p lo s hi :
  lo <= s <= hi -> least squared p lo hi <= value squared p s <= most squared p lo hi.
Proof.
  intros H. unfold least, most, value.
  assert (A := power_rises squared _ _ (relu_rises (lo + fst p) (s + fst p) ltac:(lia))).
  assert (B := power_rises squared _ _ (relu_rises (s + fst p) (hi + fst p) ltac:(lia))).
  destruct (Z.leb_spec 0 (snd p)); nia.
Qed.

(** * Two parts of one unit read the same s *)

Lemma relu_gap_rises squared a b s t :
  b <= a -> s <= t ->
  power squared (relu (s + a)) - power squared (relu (s + b))
  <= power squared (relu (t + a)) - power squared (relu (t + b)).
Proof.
  intros H1 H2. unfold relu.
  destruct (Z.max_spec 0 (s + a)) as [[? ->]|[? ->]];
  destruct (Z.max_spec 0 (s + b)) as [[? ->]|[? ->]];
  destruct (Z.max_spec 0 (t + a)) as [[? ->]|[? ->]];
  destruct (Z.max_spec 0 (t + b)) as [[? ->]|[? ->]];
  destruct squared; simpl; nia.
Qed.

Definition gap (squared : bool) (p q : part) (s : Z) : Z :=
  value squared p s - value squared q s.

Definition least_gap (squared : bool) (p q : part) (lo hi : Z) : Z :=
  let rises :=
    if fst p =? fst q then Some (snd q <=? snd p)
    else if snd p =? snd q then Some (0 <=? snd p * (fst p - fst q))
    else None in
  match rises with
  | Some true => gap squared p q lo
  | Some false => gap squared p q hi
  | None => least squared p lo hi - most squared q lo hi
  end.

Lemma least_gap_sound squared p q lo s hi :
  lo <= s <= hi -> least_gap squared p q lo hi <= gap squared p q s.
Proof.
  intros H. unfold least_gap.
  destruct (Z.eqb_spec (fst p) (fst q)) as [E|_].
  - unfold gap, value. rewrite <- E.
    assert (A := power_rises squared _ _ (relu_rises (lo + fst p) (s + fst p) ltac:(lia))).
    assert (B := power_rises squared _ _ (relu_rises (s + fst p) (hi + fst p) ltac:(lia))).
    destruct (Z.leb_spec (snd q) (snd p)); nia.
  - destruct (Z.eqb_spec (snd p) (snd q)) as [E|_].
    + unfold gap, value. rewrite <- E.
      destruct (Z.leb_spec 0 (snd p * (fst p - fst q))) as [G|G].
      * destruct (Z.le_ge_cases (fst q) (fst p)) as [O|O].
        -- assert (R := relu_gap_rises squared _ _ _ _ O (proj1 H)).
           assert (0 <= snd p \/ fst p = fst q) as [P|P] by nia; [nia|rewrite P; lia].
        -- assert (R := relu_gap_rises squared _ _ _ _ O (proj1 H)).
           assert (snd p <= 0 \/ fst p = fst q) as [P|P] by nia; [nia|rewrite P; lia].
      * destruct (Z.le_ge_cases (fst q) (fst p)) as [O|O].
        -- assert (R := relu_gap_rises squared _ _ _ _ O (proj2 H)).
           assert (snd p < 0) by nia. nia.
        -- assert (R := relu_gap_rises squared _ _ _ _ O (proj2 H)).
           assert (0 < snd p) by nia. nia.
    + unfold gap. assert (A := value_between squared p _ _ _ H).
      assert (B := value_between squared q _ _ _ H). lia.
Qed.

(** * Boxes *)

Definition in_box (centre : list Z) (r : Z) (x : list Z) : Prop :=
  Forall2 (fun c v => c - r <= v <= c + r) centre x.

Lemma dot_in_box r w centre x :
  0 <= r -> in_box centre r x -> Z.abs (dot w x - dot w centre) <= r * norm1 w.
Proof.
  intros R B. revert w. induction B as [|c v cs vs H _ IH]; intros [|a w]; simpl; try nia.
  - assert (0 <= norm1 w) by (clear; induction w; simpl; lia). nia.
  - specialize (IH w).
    assert (Z.abs (a * v - a * c) <= r * Z.abs a).
    { rewrite <- Z.mul_sub_distr_l, Z.abs_mul. assert (Z.abs (v - c) <= r) by lia. nia. }
    rewrite Z.mul_add_distr_l. lia.
Qed.

(* A layer with the lowest and the highest s of each unit on a box. *)
Definition ranged := (list part * (Z * Z))%type.

Definition ranges (layer : list unit_) (centre : list Z) (r : Z) : list ranged :=
  map (fun u => let s := pre u centre in let d := r * norm1 (weights u) in
                (parts u, (s - d, s + d))) layer.

Lemma pre_in_range u centre r x :
  0 <= r -> in_box centre r x ->
  pre u centre - r * norm1 (weights u) <= pre u x <= pre u centre + r * norm1 (weights u).
Proof. intros R B. assert (D := dot_in_box r (weights u) _ _ R B). unfold pre. lia. Qed.

(** * Margins *)

Definition shared (squared : bool) (y k : nat) (l : list ranged) : Z :=
  sum (map (fun u => least_gap squared (part_of y (fst u)) (part_of k (fst u))
                               (fst (snd u)) (snd (snd u))) l).

Definition separate (squared : bool) (y k : nat) (l : list ranged) : Z :=
  sum (map (fun u => least squared (part_of y (fst u)) (fst (snd u)) (snd (snd u))
                     - most squared (part_of k (fst u)) (fst (snd u)) (snd (snd u))) l).

Lemma sums_add {A} (f g h : A -> Z) (l : list A) :
  (forall u, f u + g u <= h u) -> sum (map f l) + sum (map g l) <= sum (map h l).
Proof. intros H. induction l as [|u l IH]; simpl; [lia|]. specialize (H u). lia. Qed.

Lemma shared_sound squared layer y k centre r x :
  0 <= r -> in_box centre r x ->
  goodness squared layer k x + shared squared y k (ranges layer centre r)
  <= goodness squared layer y x.
Proof.
  intros R B. unfold goodness, shared, ranges. rewrite map_map. apply sums_add. intros u.
  assert (G := least_gap_sound squared (part_of y (parts u)) (part_of k (parts u)) _ _ _
                               (pre_in_range u _ _ _ R B)).
  unfold gap in G. cbn [fst snd]. lia.
Qed.

Lemma separate_sound squared layer y k centre r x x' :
  0 <= r -> in_box centre r x -> in_box centre r x' ->
  goodness squared layer k x' + separate squared y k (ranges layer centre r)
  <= goodness squared layer y x.
Proof.
  intros R B B'. unfold goodness, separate, ranges. rewrite map_map. apply sums_add. intros u.
  assert (G := value_between squared (part_of y (parts u)) _ _ _ (pre_in_range u _ _ _ R B)).
  assert (G' := value_between squared (part_of k (parts u)) _ _ _ (pre_in_range u _ _ _ R B')).
  cbn [fst snd]. lia.
Qed.

(* The lowest bound over all wrong classes. *)
Definition wrong (classes y : nat) : list nat :=
  filter (fun k => negb (Nat.eqb k y)) (seq 0 classes).

Definition lowest (l : list Z) : Z :=
  match l with
  | nil => 0
  | a :: l' => fold_right Z.min a l'
  end.

Definition shared_margin squared classes y l : Z :=
  lowest (map (fun k => shared squared y k l) (wrong classes y)).

Definition separate_margin squared classes y l : Z :=
  lowest (map (fun k => separate squared y k l) (wrong classes y)).

Lemma lowest_le l z : In z l -> lowest l <= z.
Proof.
  destruct l as [|a l]; simpl; [tauto|]. revert a.
  induction l as [|b l IH]; intros a [E|I]; simpl in *; subst; try tauto; try lia.
  - specialize (IH z (or_introl eq_refl)). lia.
  - destruct I as [E|I]; subst; [lia|]. specialize (IH a (or_intror I)). lia.
Qed.

Lemma wrong_in classes y k : (k < classes)%nat -> k <> y -> In k (wrong classes y).
Proof.
  intros L N. apply filter_In. split; [apply in_seq; lia|].
  destruct (Nat.eqb_spec k y); [contradiction|reflexivity].
Qed.

(* For every x in the box, the true class is ahead of every other by m at least. *)
Definition certified squared layer classes y centre r m : Prop :=
  forall x, in_box centre r x ->
  forall k, (k < classes)%nat -> k <> y ->
  goodness squared layer k x + m <= goodness squared layer y x.

(* The same where positive and negative are two points of the box. *)
Definition certified_apart squared layer classes y centre r m : Prop :=
  forall x x', in_box centre r x -> in_box centre r x' ->
  forall k, (k < classes)%nat -> k <> y ->
  goodness squared layer k x' + m <= goodness squared layer y x.

Theorem certify squared layer classes y centre r m :
  (0 <=? r) && (shared_margin squared classes y (ranges layer centre r) =? m) = true ->
  certified squared layer classes y centre r m.
Proof.
  intros H x B k L N. apply andb_prop in H as [R E].
  apply Z.leb_le in R. apply Z.eqb_eq in E. subst m.
  assert (S := shared_sound squared layer y k centre r x R B).
  assert (I := lowest_le _ _ (in_map (fun k => shared squared y k (ranges layer centre r)) _ _
                                     (wrong_in _ _ _ L N))).
  unfold shared_margin. simpl in I. lia.
Qed.

Theorem certify_apart squared layer classes y centre r m :
  (0 <=? r) && (separate_margin squared classes y (ranges layer centre r) =? m) = true ->
  certified_apart squared layer classes y centre r m.
Proof.
  intros H x x' B B' k L N. apply andb_prop in H as [R E].
  apply Z.leb_le in R. apply Z.eqb_eq in E. subst m.
  assert (S := separate_sound squared layer y k centre r x x' R B B').
  assert (I := lowest_le _ _ (in_map (fun k => separate squared y k (ranges layer centre r)) _ _
                                     (wrong_in _ _ _ L N))).
  unfold separate_margin. simpl in I. lia.
Qed.

(** * SplitMix64 *)

Definition gamma : Z := 0x9E3779B97F4A7C15.
Definition word (z : Z) : Z := z mod 2 ^ 64.
Definition state (key i : Z) : Z := word (key + (i + 1) * gamma).

Definition mix (z : Z) : Z :=
  let z := word (Z.lxor z (Z.shiftr z 30) * 0xBF58476D1CE4E5B9) in
  let z := word (Z.lxor z (Z.shiftr z 27) * 0x94D049BB133111EB) in
  Z.lxor z (Z.shiftr z 31).

Definition draw (key i : Z) : Z := mix (state key i).

Example draw_seed_0 : map (draw 0) [0; 1; 2]
  = [0xE220A8397B1DCDAF; 0x6E789E6AA1B965F4; 0x06C45D188009454F].
Proof. vm_compute. reflexivity. Qed.

Example draw_seed_1234567 : draw 1234567 0 = 6457827717110365317.
Proof. vm_compute. reflexivity. Qed.

(* Two counters never share a state: gamma is odd. *)
Theorem states_differ key i j :
  0 <= i < 2 ^ 64 -> 0 <= j < 2 ^ 64 -> state key i = state key j -> i = j.
Proof.
  intros I J E. unfold state, word in E.
  assert (D : (2 ^ 64 | gamma * (i - j))).
  { apply Z.mod_divide; [lia|].
    replace (gamma * (i - j)) with ((key + (i + 1) * gamma) - (key + (j + 1) * gamma)) by ring.
    rewrite Zminus_mod, E, Z.sub_diag. reflexivity. }
  apply Gauss in D.
  - destruct D as [q Q]. destruct (Z.eq_dec q 0); nia.
  - apply rel_prime_sym. apply Zgcd_1_rel_prime. vm_compute. reflexivity.
Qed.

(** * Samples *)

(* A sample of a certificate, and the margins that it claims at each radius. *)
Record sample := Sample {
  index : Z; label : Z; input : list Z; shared_at : list Z; separate_at : list Z }.

(** * The log and the derived keys *)

(* Of one entry: its round, trit, the hash before it and its own. *)
Record entry := Entry { round : Z; trit : Z; previous : Z; hash : Z }.

Fixpoint chained (before : Z) (log : list entry) : bool :=
  match log with
  | nil => true
  | e :: rest => (previous e =? before) && chained (hash e) rest
  end.

Definition trit_sum (log : list entry) : Z := sum (map trit log) mod 3.

(* Entries come in rounds of one generator, one coordinator and one validator. *)
Fixpoint in_triples (log : list entry) : bool :=
  match log with
  | nil => true
  | a :: b :: c :: rest =>
      (trit a =? 1) && (trit b =? 0) && (trit c =? -1)
      && (round a =? round b) && (round b =? round c) && in_triples rest
  | _ => false
  end.

(* The numbers of its path, the key, and the draw of counter 0 under it. *)
Record derived := Derived { path : list Z; key : Z; first : Z }.

Definition draws_hold (l : list derived) : bool :=
  forallb (fun d => draw (key d) 0 =? first d) l.

(** * A seal over every number *)

(* Odd base, modulus 2^64: no change of one number below 2^64 goes unseen. *)
Definition seal (numbers : list Z) : Z :=
  fold_left (fun h z => Z.land (65537 * h + z) (2 ^ 64 - 1)) numbers 1.

Definition halves (h : Z) : list Z := [Z.shiftr h 64; Z.land h (2 ^ 64 - 1)].

Definition numbers_of_unit (u : unit_) : list Z :=
  weights u ++ bias u :: flat_map (fun p => [fst p; snd p]) (parts u).

Definition numbers_of_sample (s : sample) : list Z :=
  index s :: label s :: input s ++ shared_at s ++ separate_at s.

Definition numbers_of_entry (e : entry) : list Z :=
  round e :: trit e :: halves (previous e) ++ halves (hash e).

Definition numbers_of_derived (d : derived) : list Z := path d ++ [key d; first d].
