(* SPDX-License-Identifier: Apache-2.0 *)
(* Winograd's convolution, proved once: what a certificate of wincraft states, and why its computations suffice.

   A filter and data are tensors: functions of an index, a list of one number per block. A block is one axis, or several
   axes whose algorithm is made as a whole, flattened row by row; it has m outputs, r taps and t = m + r - 1 data along
   each axis. All numbers are integers: rational matrices are multiplied by the least common multiple of their
   denominators, so that the algorithm gives `scale` times the convolution. *)

(* Without a prefix, which Coq and Rocq call differently; names that newer libraries have not renamed *)
Require Import Arith NArith ZArith List Bool Lia.
Import ListNotations.
Open Scope Z_scope.

(* Lengths *)

Lemma size_map {X Y} (f : X -> Y) l : length (map f l) = length l.
Proof. induction l; simpl; [easy|]. now rewrite IHl. Qed.

Lemma size_seq n : forall k, length (seq k n) = n.
Proof. induction n; intros k; simpl; [easy|]. now rewrite IHn. Qed.

Lemma size_app {X} (l k : list X) : length (l ++ k) = (length l + length k)%nat.
Proof. induction l; simpl; [easy|]. now rewrite IHl. Qed.

(* Sums *)

Fixpoint sum (n : nat) (f : nat -> Z) : Z :=
  match n with O => 0 | S n => sum n f + f n end.

Lemma sum_ext n f g : (forall k, (k < n)%nat -> f k = g k) -> sum n f = sum n g.
Proof. induction n; simpl; intros H; [easy|]. rewrite IHn, H by auto with arith. easy. Qed.

Lemma sum_zero n f : (forall k, (k < n)%nat -> f k = 0) -> sum n f = 0.
Proof. induction n; simpl; intros H; [easy|]. rewrite IHn, H by auto with arith. easy. Qed.

Lemma sum_add n f g : sum n (fun k => f k + g k) = sum n f + sum n g.
Proof. induction n; simpl; lia. Qed.

Lemma sum_scale n c f : sum n (fun k => c * f k) = c * sum n f.
Proof. induction n; simpl; lia. Qed.

Lemma sum_swap n m f : sum n (fun k => sum m (fun j => f k j)) = sum m (fun j => sum n (fun k => f k j)).
Proof. induction n; simpl; [now rewrite sum_zero|]. now rewrite sum_add, IHn. Qed.

Lemma sum_one n p c f : (p < n)%nat -> sum n (fun l => (if (l =? p)%nat then c else 0) * f l) = c * f p.
Proof.
  induction n; simpl; intros H; [lia|]. destruct (Nat.eqb_spec n p) as [->|].
  - rewrite sum_zero; [lia|]. intros k Hk. destruct (Nat.eqb_spec k p); lia.
  - rewrite IHn by lia. lia.
Qed.

Lemma sum_between n f low high : (forall k, low k <= f k <= high k) -> sum n low <= sum n f <= sum n high.
Proof. intros H. induction n; simpl; [lia|]. specialize (H n). lia. Qed.

(* The statement: convolution as layers have it, y[i] = sum_j g[j] d[i + j], over every axis *)

Definition matrix := list (list Z).
Definition entry (M : matrix) i j : Z := nth j (nth i M nil) 0.
Definition tensor := list nat -> Z.
Definition shape := list (nat * nat).  (* (m, r) of every axis *)

Fixpoint outputs (s : shape) : nat := match s with nil => 1 | (m, _) :: s => m * outputs s end.
Fixpoint taps (s : shape) : nat := match s with nil => 1 | (_, r) :: s => r * taps s end.
Fixpoint data (s : shape) : nat := match s with nil => 1 | (m, r) :: s => (m + r - 1) * data s end.

(* Which datum output i meets with tap j: i + j along every axis *)
Fixpoint place (s : shape) (i j : nat) : nat :=
  match s with
  | nil => 0
  | _ :: s => (i / outputs s + j / taps s) * data s + place s (i mod outputs s) (j mod taps s)
  end.

Lemma place_of_one_axis m r i j : place [(m, r)] i j = (i + j)%nat.
Proof. cbn [place outputs taps data]. rewrite !Nat.div_1_r. lia. Qed.

Fixpoint conv (shapes : list shape) (g d : tensor) (i : list nat) : Z :=
  match shapes, i with
  | s :: shapes, a :: i =>
      sum (taps s) (fun j => conv shapes (fun t => g (j :: t)) (fun t => d (place s a j :: t)) i)
  | _, _ => g nil * d nil
  end.

(* The algorithm: transforms in passes, one per block *)

Record block := Block { of_shape : shape; rank : nat; A : matrix; G : matrix; B : matrix; scale : Z }.

Fixpoint transform (passes : list (nat * matrix)) (x : tensor) (k : list nat) : Z :=
  match passes, k with
  | (n, M) :: passes, a :: k => transform passes (fun t => sum n (fun j => entry M a j * x (j :: t))) k
  | _, _ => x nil
  end.

Definition filter_passes bs := map (fun b => (taps (of_shape b), G b)) bs.
Definition data_passes bs := map (fun b => (data (of_shape b), B b)) bs.
Definition output_passes bs := map (fun b => (rank b, A b)) bs.
Definition shapes_of := map of_shape.
Definition scale_of bs := fold_right (fun b p => scale b * p) 1 bs.

(* Of C channels: A^T [sum_c (G g_c) (B^T d_c)] *)
Definition winograd bs C (g d : nat -> tensor) : list nat -> Z :=
  transform (output_passes bs) (fun k =>
    sum C (fun c => transform (filter_passes bs) (g c) k * transform (data_passes bs) (d c) k)).

Fixpoint inside (shapes : list shape) (i : list nat) : Prop :=
  match shapes, i with
  | nil, nil => True
  | s :: shapes, a :: i => (a < outputs s)%nat /\ inside shapes i
  | _, _ => False
  end.

(* The identity, by computation *)

Definition identity b : Prop := forall i j, (i < outputs (of_shape b))%nat -> (j < taps (of_shape b))%nat ->
  (place (of_shape b) i j < data (of_shape b))%nat /\
  forall l, (l < data (of_shape b))%nat ->
    sum (rank b) (fun k => entry (A b) i k * entry (G b) k j * entry (B b) k l)
    = if (l =? place (of_shape b) i j)%nat then scale b else 0.

Definition all n (f : nat -> bool) : bool := forallb f (seq 0 n).

Lemma all_spec n f : all n f = true <-> forall k, (k < n)%nat -> f k = true.
Proof.
  unfold all. rewrite forallb_forall. split; intros H k Hk; apply H; [apply in_seq; lia|apply in_seq in Hk; lia].
Qed.

Fixpoint dot (u v : list Z) : Z := match u, v with x :: u, y :: v => x * y + dot u v | _, _ => 0 end.

Definition column (M : matrix) l := map (fun row => nth l row 0) M.

Definition holds b : bool :=
  let s := of_shape b in
  let columns := map (fun l => (l, column (B b) l)) (seq 0 (data s)) in
  all (outputs s) (fun i => all (taps s) (fun j =>
    let p := place s i j in
    let u := map (fun k => entry (A b) i k * entry (G b) k j) (seq 0 (rank b)) in
    ((p <? data s)%nat && forallb (fun '(l, v) => dot u v =? if (l =? p)%nat then scale b else 0) columns)%bool)).

Lemma nth_seq_map (f : nat -> Z) n k : (k < n)%nat -> nth k (map f (seq 0 n)) 0 = f k.
Proof.
  intros H. rewrite nth_indep with (d' := f 0%nat) by (rewrite size_map, size_seq; lia).
  rewrite map_nth, seq_nth by lia. easy.
Qed.

Lemma sum_first n f : sum (S n) f = f 0%nat + sum n (fun k => f (S k)).
Proof. induction n; simpl in *; lia. Qed.

Lemma dot_sum u : forall v, dot u v = sum (length u) (fun k => nth k u 0 * nth k v 0).
Proof.
  induction u as [|x u IH]; intros v; [easy|]. destruct v as [|y v]; cbn [length dot].
  - rewrite sum_zero; [easy|]. intros k _. destruct k; simpl; lia.
  - rewrite sum_first, IH. easy.
Qed.

Lemma nth_column M l k : nth k (column M l) 0 = entry M k l.
Proof.
  unfold column, entry. rewrite <- (map_nth (fun row => nth l row 0)). f_equal. now destruct l.
Qed.

Lemma holds_identity b : holds b = true -> identity b.
Proof.
  unfold holds. rewrite all_spec. intros H i j Hi Hj. specialize (H i Hi). cbv beta in H.
  rewrite all_spec in H. specialize (H j Hj). cbv beta zeta in H. apply andb_true_iff in H. destruct H as [Hp H].
  split; [now apply Nat.ltb_lt|]. intros l Hl. rewrite forallb_forall in H.
  specialize (H (l, column (B b) l)). cbv beta iota in H. rewrite Z.eqb_eq in H. rewrite <- H.
  - rewrite dot_sum, size_map, size_seq. apply sum_ext. intros k Hk. now rewrite nth_seq_map, nth_column.
  - apply in_map_iff. exists l. split; [easy|]. apply in_seq. lia.
Qed.

(* Why it suffices *)

Lemma conv_ext shapes : forall g g' d d' i,
  (forall t, g t = g' t) -> (forall t, d t = d' t) -> conv shapes g d i = conv shapes g' d' i.
Proof.
  induction shapes as [|s shapes IH]; intros g g' d d' i Hg Hd; simpl; [now rewrite Hg, Hd|].
  destruct i; [now rewrite Hg, Hd|]. apply sum_ext. intros. now apply IH.
Qed.

Lemma conv_left shapes : forall n c (g : nat -> tensor) d i,
  conv shapes (fun t => sum n (fun j => c j * g j t)) d i = sum n (fun j => c j * conv shapes (g j) d i).
Proof.
  induction shapes as [|s shapes IH]; intros n c g d i; simpl.
  2: destruct i as [|a i].
  1,2: rewrite Z.mul_comm, <- sum_scale; apply sum_ext; intros; lia.
  rewrite (sum_ext _ _ _ (fun j _ => IH n c (fun l t => g l (j :: t)) _ i)), sum_swap.
  apply sum_ext. intros. apply sum_scale.
Qed.

Lemma conv_right shapes : forall n c g (d : nat -> tensor) i,
  conv shapes g (fun t => sum n (fun j => c j * d j t)) i = sum n (fun j => c j * conv shapes g (d j) i).
Proof.
  induction shapes as [|s shapes IH]; intros n c g d i; simpl.
  2: destruct i as [|a i].
  1,2: rewrite <- sum_scale; apply sum_ext; intros; lia.
  rewrite (sum_ext _ _ _ (fun j _ => IH n c _ (fun l t => d l (place s a j :: t)) i)), sum_swap.
  apply sum_ext. intros. apply sum_scale.
Qed.

Lemma transform_ext passes : forall x y k, (forall t, x t = y t) -> transform passes x k = transform passes y k.
Proof.
  induction passes as [|[n M] passes IH]; intros x y k H; simpl; [easy|]. destruct k; [easy|].
  apply IH. intros. apply sum_ext. intros. now rewrite H.
Qed.

Lemma transform_sum passes : forall n c (x : nat -> tensor) k,
  transform passes (fun t => sum n (fun j => c j * x j t)) k = sum n (fun j => c j * transform passes (x j) k).
Proof.
  induction passes as [|[m M] passes IH]; intros n c x k; simpl; [easy|]. destruct k as [|a k]; [easy|].
  rewrite <- IH. apply transform_ext. intros t.
  rewrite (sum_ext _ _ (fun l => sum n (fun j => c j * (entry M a l * x j (l :: t))))).
  - rewrite sum_swap. apply sum_ext. intros. apply sum_scale.
  - intros. rewrite <- sum_scale. apply sum_ext. intros. lia.
Qed.

Definition tile bs (g d : tensor) : list nat -> Z :=
  transform (output_passes bs) (fun k => transform (filter_passes bs) g k * transform (data_passes bs) d k).

Lemma tile_is_conv bs : Forall identity bs -> forall g d i, inside (shapes_of bs) i ->
  tile bs g d i = scale_of bs * conv (shapes_of bs) g d i.
Proof.
  induction 1 as [|b bs H _ IH]; intros g d i Hi.
  { destruct i; [|easy]. unfold tile, scale_of, shapes_of; simpl. now destruct (g nil * d nil). }
  destruct i as [|a i]; [easy|]. destruct Hi as [Ha Hi].
  change (scale_of (b :: bs)) with (scale b * scale_of bs). unfold tile. simpl.
  rewrite transform_sum with (x := fun k t => transform (filter_passes bs) _ t * transform (data_passes bs) _ t).
  erewrite sum_ext.
  2: { intros k _. fold (tile bs (fun t => sum (taps (of_shape b)) (fun j => entry (G b) k j * g (j :: t)))
         (fun t => sum (data (of_shape b)) (fun l => entry (B b) k l * d (l :: t))) i).
       rewrite IH by easy. rewrite conv_left with (g := fun j t => g (j :: t)).
       erewrite sum_ext; [|intros; rewrite conv_right with (d := fun l t => d (l :: t)); reflexivity]. reflexivity. }
  set (s := of_shape b). set (P := scale_of bs).
  set (y := fun j l => conv (shapes_of bs) (fun t => g (j :: t)) (fun t => d (l :: t)) i).
  transitivity (P * sum (taps s) (fun j => sum (data s) (fun l =>
    sum (rank b) (fun k => entry (A b) a k * entry (G b) k j * entry (B b) k l) * y j l))).
  - rewrite <- sum_scale, sum_ext with (g := fun k => sum (taps s) (fun j => sum (data s) (fun l =>
      P * (entry (A b) a k * entry (G b) k j * entry (B b) k l * y j l)))).
    + rewrite sum_swap. apply sum_ext. intros j _. rewrite sum_swap, <- sum_scale. apply sum_ext. intros l _.
      rewrite sum_scale. f_equal. rewrite Z.mul_comm, <- sum_scale. apply sum_ext. intros. lia.
    + intros k _. rewrite Z.mul_assoc, <- sum_scale. apply sum_ext. intros j _.
      rewrite Z.mul_assoc, <- sum_scale. apply sum_ext. intros l _. subst y. simpl. lia.
  - rewrite (Z.mul_comm (scale b)), <- Z.mul_assoc. f_equal. rewrite <- sum_scale. apply sum_ext. intros j Hj.
    destruct (H a j Ha Hj) as [Hp Hk]. rewrite sum_ext with
      (g := fun l => (if (l =? place s a j)%nat then scale b else 0) * y j l) by (intros; now rewrite Hk).
    now rewrite sum_one.
Qed.

Theorem identity_is_convolution bs C g d i : forallb holds bs = true -> inside (shapes_of bs) i ->
  winograd bs C g d i = scale_of bs * sum C (fun c => conv (shapes_of bs) (g c) (d c) i).
Proof.
  intros H Hi. unfold winograd.
  rewrite transform_ext with (y := fun k => sum C (fun c => 1 *
    (transform (filter_passes bs) (g c) k * transform (data_passes bs) (d c) k)))
    by (intros; apply sum_ext; intros; lia).
  rewrite transform_sum with
    (x := fun c k => transform (filter_passes bs) (g c) k * transform (data_passes bs) (d c) k).
  rewrite <- sum_scale. apply sum_ext. intros c _. rewrite Z.mul_1_l. apply tile_is_conv; [|easy].
  apply Forall_forall. rewrite forallb_forall in H. intros b Hb. now apply holds_identity, H.
Qed.

Corollary division_is_exact bs C g d i : forallb holds bs = true -> inside (shapes_of bs) i -> scale_of bs <> 0 ->
  winograd bs C g d i / scale_of bs = sum C (fun c => conv (shapes_of bs) (g c) (d c) i)
  /\ winograd bs C g d i mod scale_of bs = 0.
Proof.
  intros H Hi Hs. rewrite identity_is_convolution, Z.mul_comm by easy.
  split; [now apply Z.div_mul|now apply Z.mod_mul].
Qed.

(* Ranges: of a transform on a box, and a corner of the box that attains them *)

Definition low_of w low high := if 0 <? w then w * low else w * high.
Definition high_of w low high := if 0 <? w then w * high else w * low.

Fixpoint range (passes : list (nat * matrix)) (k : list nat) (low high : Z) : Z * Z :=
  match passes, k with
  | (n, M) :: passes, a :: k =>
      range passes k (sum n (fun j => low_of (entry M a j) low high)) (sum n (fun j => high_of (entry M a j) low high))
  | _, _ => (low, high)
  end.

Lemma range_holds passes : forall k low high x, (forall t, low <= x t <= high) ->
  fst (range passes k low high) <= transform passes x k <= snd (range passes k low high).
Proof.
  induction passes as [|[n M] passes IH]; intros k low high x H; simpl; [apply H|]. destruct k as [|a k]; [apply H|].
  apply IH. intros t. apply sum_between. intros j. unfold low_of, high_of. specialize (H (j :: t)).
  destruct (Z.ltb_spec 0 (entry M a j)); nia.
Qed.

(* Data at the ends of the box, with the largest (or the least) value *)
Theorem range_attained passes : forall k low high (top : bool), exists x, (forall t, x t = low \/ x t = high) /\
  transform passes x k = if top then snd (range passes k low high) else fst (range passes k low high).
Proof.
  induction passes as [|[n M] passes IH]; intros k low high top; simpl.
  1: exists (fun _ => if top then high else low); destruct top; auto.
  destruct k as [|a k]; [exists (fun _ => if top then high else low); destruct top; auto|].
  set (l := sum n (fun j => low_of (entry M a j) low high)). set (h := sum n (fun j => high_of (entry M a j) low high)).
  destruct (IH k l h top) as [y [Hy Ht]].
  exists (fun t => match t with
    | nil => low
    | j :: t => if Bool.eqb (y t =? h) (0 <? entry M a j) then high else low end).
  split; [intros [|j t]; auto; destruct (Bool.eqb _ _); auto|].
  rewrite <- Ht. apply transform_ext. intros t. destruct (Z.eqb_spec (y t) h) as [->|N].
  - apply sum_ext. intros j _. unfold high_of. now destruct (0 <? entry M a j).
  - destruct (Hy t) as [->|]; [|easy]. apply sum_ext. intros j _. unfold low_of. now destruct (0 <? entry M a j).
Qed.

Definition in_box (low high : Z) (x : tensor) := forall t, low <= x t <= high.

(* The exact range of a transform's value k *)
Definition is_range passes low high k (r : Z * Z) :=
  (forall x, in_box low high x -> fst r <= transform passes x k <= snd r) /\
  (exists x, in_box low high x /\ transform passes x k = fst r) /\
  (exists x, in_box low high x /\ transform passes x k = snd r).

Theorem ranges_exact passes low high ks rs : low <= high -> map (fun k => range passes k low high) ks = rs ->
  Forall2 (is_range passes low high) ks rs.
Proof.
  intros H <-. induction ks as [|k ks IH]; simpl; constructor; [|easy]. split; [|split].
  - intros x Hx. now apply range_holds.
  - destruct (range_attained passes k low high false) as [x [Hx E]]. exists x. split; [|easy].
    intros t. destruct (Hx t); lia.
  - destruct (range_attained passes k low high true) as [x [Hx E]]. exists x. split; [|easy].
    intros t. destruct (Hx t); lia.
Qed.

(* Products summed over C channels *)

Definition least4 a b c d := Z.min (Z.min a b) (Z.min c d).
Definition largest4 a b c d := Z.max (Z.max a b) (Z.max c d).

Definition product_range (u v : Z * Z) : Z * Z :=
  let (ul, uh) := u in let (vl, vh) := v in
  (least4 (ul * vl) (ul * vh) (uh * vl) (uh * vh), largest4 (ul * vl) (ul * vh) (uh * vl) (uh * vh)).

Record boxes := Boxes { filter_low : Z; filter_high : Z; data_low : Z; data_high : Z }.

Definition within (low high : Z) (x : nat -> tensor) := forall c t, low <= x c t <= high.

Definition products bs C (g d : nat -> tensor) k :=
  sum C (fun c => transform (filter_passes bs) (g c) k * transform (data_passes bs) (d c) k).

Definition product_box bs x k :=
  product_range (range (filter_passes bs) k (filter_low x) (filter_high x))
                (range (data_passes bs) k (data_low x) (data_high x)).

Lemma between_corners x a b y c d : a <= x <= b -> c <= y <= d ->
  least4 (a * c) (a * d) (b * c) (b * d) <= x * y <= largest4 (a * c) (a * d) (b * c) (b * d).
Proof.
  unfold least4, largest4. intros. destruct (Z.le_ge_cases 0 x), (Z.le_ge_cases 0 c), (Z.le_ge_cases 0 d); nia.
Qed.

Lemma sum_constant n c : sum n (fun _ => c) = Z.of_nat n * c.
Proof. induction n; simpl sum; [easy|]. rewrite IHn. lia. Qed.

Theorem products_within bs C x g d k :
  within (filter_low x) (filter_high x) g -> within (data_low x) (data_high x) d ->
  Z.of_nat C * fst (product_box bs x k) <= products bs C g d k <= Z.of_nat C * snd (product_box bs x k).
Proof.
  intros Hg Hd. rewrite <- !sum_constant. apply sum_between. intros c. unfold product_box, product_range.
  pose proof (range_holds (filter_passes bs) k _ _ (g c) (Hg c)) as Hu.
  pose proof (range_holds (data_passes bs) k _ _ (d c) (Hd c)) as Hv.
  destruct (range (filter_passes bs) k _ _), (range (data_passes bs) k _ _). now apply between_corners.
Qed.

Lemma range_ordered passes k low high : low <= high -> fst (range passes k low high) <= snd (range passes k low high).
Proof. intros H. pose proof (range_holds passes k low high (fun _ => low) (fun _ => conj (Z.le_refl low) H)). lia. Qed.

Lemma corner_of a b c d (top : bool) : exists s t : bool, (if s then b else a) * (if t then d else c)
  = if top then largest4 (a * c) (a * d) (b * c) (b * d) else least4 (a * c) (a * d) (b * c) (b * d).
Proof.
  assert (M : forall (f : Z -> Z -> Z), (forall x y, f x y = x \/ f x y = y) ->
    exists s t : bool, (if s then b else a) * (if t then d else c) = f (f (a * c) (a * d)) (f (b * c) (b * d))).
  { intros f F. destruct (F (f (a * c) (a * d)) (f (b * c) (b * d))) as [->| ->].
    - destruct (F (a * c) (a * d)) as [->| ->]; [now exists false, false|now exists false, true].
    - destruct (F (b * c) (b * d)) as [->| ->]; [now exists true, false|now exists true, true]. }
  destruct top; apply M; intros x y; lia.
Qed.

Theorem products_attained bs C x k (top : bool) : filter_low x <= filter_high x -> data_low x <= data_high x ->
  exists g d, within (filter_low x) (filter_high x) g /\ within (data_low x) (data_high x) d /\
  products bs C g d k = Z.of_nat C * (if top then snd (product_box bs x k) else fst (product_box bs x k)).
Proof.
  intros Hg Hd. unfold product_box, product_range.
  destruct (range (filter_passes bs) k _ _) as [ul uh] eqn:Eu, (range (data_passes bs) k _ _) as [vl vh] eqn:Ev.
  destruct (corner_of ul uh vl vh top) as [s [t E]].
  destruct (range_attained (filter_passes bs) k (filter_low x) (filter_high x) s) as [u [Hu Tu]].
  destruct (range_attained (data_passes bs) k (data_low x) (data_high x) t) as [v [Hv Tv]].
  exists (fun _ => u), (fun _ => v). rewrite Eu in Tu. rewrite Ev in Tv. simpl in Tu, Tv. repeat split.
  1,2: destruct (Hu t0) as [->| ->]; lia. 1,2: destruct (Hv t0) as [->| ->]; lia.
  unfold products. rewrite sum_constant, Tu, Tv. simpl. rewrite E. now destruct top.
Qed.

(* The exact range of a product of one channel; of C channels it is C times that *)
Definition is_product_range bs x k (r : Z * Z) := forall C,
  (forall g d, within (filter_low x) (filter_high x) g -> within (data_low x) (data_high x) d ->
    Z.of_nat C * fst r <= products bs C g d k <= Z.of_nat C * snd r) /\
  forall top : bool, exists g d,
    within (filter_low x) (filter_high x) g /\ within (data_low x) (data_high x) d /\
    products bs C g d k = Z.of_nat C * if top then snd r else fst r.

Theorem product_ranges_exact bs x ks rs : filter_low x <= filter_high x -> data_low x <= data_high x ->
  map (product_box bs x) ks = rs -> Forall2 (is_product_range bs x) ks rs.
Proof.
  intros Hg Hd <-. induction ks as [|k ks IH]; simpl; constructor; [|easy]. intros C. split.
  - intros. now apply products_within.
  - intros top. now apply products_attained.
Qed.

(* The most channels whose products a two's complement word of some bits holds *)

Definition fits bits (r : Z * Z) (C : Z) : bool :=
  ((- 2 ^ (bits - 1) <=? C * fst r) && (C * snd r <=? 2 ^ (bits - 1) - 1))%bool.

(* All indices of a block's products *)
Fixpoint indices (bs : list block) : list (list nat) :=
  match bs with
  | nil => [nil]
  | b :: bs => flat_map (fun k => map (cons k) (indices bs)) (seq 0 (rank b))
  end.

Definition word_holds bits v := - 2 ^ (bits - 1) <= v <= 2 ^ (bits - 1) - 1.

Lemma fits_fewer bits r most C v : 0 < bits -> fits bits r most = true -> 0 <= C <= most ->
  C * fst r <= v <= C * snd r -> word_holds bits v.
Proof.
  unfold fits, word_holds. intros Hb H HC Hv. apply andb_true_iff in H. rewrite !Z.leb_le in H. destruct H as [H1 H2].
  pose proof (Z.pow_pos_nonneg 2 (bits - 1)) as P.
  destruct r as [f s]; simpl in *. destruct (Z.le_ge_cases 0 f), (Z.le_ge_cases 0 s); split; nia.
Qed.

Lemma fits_not bits r C : fits bits r C = false ->
  exists top : bool, ~ word_holds bits (C * if top then snd r else fst r).
Proof.
  unfold fits, word_holds. intros H. apply andb_false_iff in H. rewrite !Z.leb_gt in H.
  destruct H; [exists false|exists true]; lia.
Qed.

Definition channels_fit bs x bits C := forallb (fun k => fits bits (product_box bs x k) C) (indices bs).

(* Safe for as many channels, and for fewer *)
Theorem channels_safe bs x bits most C g d k : channels_fit bs x bits most = true -> 0 < bits ->
  Z.of_nat C <= most -> In k (indices bs) ->
  within (filter_low x) (filter_high x) g -> within (data_low x) (data_high x) d ->
  word_holds bits (products bs C g d k).
Proof.
  unfold channels_fit. rewrite forallb_forall. intros H Hb HC Hk Hg Hd.
  apply (fits_fewer bits (product_box bs x k) most (Z.of_nat C)); [easy|now apply H|lia|].
  now apply products_within.
Qed.

Theorem channels_too_many bs x bits C : channels_fit bs x bits (Z.of_nat C) = false ->
  filter_low x <= filter_high x -> data_low x <= data_high x ->
  exists k g d, In k (indices bs) /\ within (filter_low x) (filter_high x) g /\ within (data_low x) (data_high x) d /\
  ~ word_holds bits (products bs C g d k).
Proof.
  intros H Hg Hd.
  assert (E : exists k, In k (indices bs) /\ fits bits (product_box bs x k) (Z.of_nat C) = false).
  { unfold channels_fit in H. induction (indices bs) as [|k l IH]; simpl in H; [easy|].
    apply andb_false_iff in H. destruct H as [H|H]; [exists k; simpl; auto|].
    destruct (IH H) as [k' [I F]]. exists k'. simpl. auto. }
  destruct E as [k [I F]]. destruct (fits_not _ _ _ F) as [top N].
  destruct (products_attained bs C x k top Hg Hd) as [g [d [W1 [W2 W3]]]].
  exists k, g, d. repeat split; auto; try apply W1; try apply W2. now rewrite W3.
Qed.

(* Outputs over C channels: each the sum of as many products of a filter and a datum as there are taps *)

Fixpoint count (shapes : list shape) : Z :=
  match shapes with nil => 1 | s :: shapes => Z.of_nat (taps s) * count shapes end.

Lemma conv_within shapes : forall i g d gl gh dl dh, inside shapes i ->
  (forall t, gl <= g t <= gh) -> (forall t, dl <= d t <= dh) ->
  count shapes * least4 (gl * dl) (gl * dh) (gh * dl) (gh * dh) <= conv shapes g d i
  <= count shapes * largest4 (gl * dl) (gl * dh) (gh * dl) (gh * dh).
Proof.
  induction shapes as [|s shapes IH]; intros i g d gl gh dl dh Hi Hg Hd; destruct i as [|a i]; try easy; simpl.
  - pose proof (between_corners (g nil) gl gh (d nil) dl dh (Hg nil) (Hd nil)).
    destruct (least4 _ _ _ _), (largest4 _ _ _ _); simpl; lia.
  - rewrite <- !Z.mul_assoc, <- !sum_constant. apply sum_between. intros j. apply IH; [apply Hi| |]; auto.
Qed.

Lemma conv_constant shapes : forall i a b, inside shapes i ->
  conv shapes (fun _ => a) (fun _ => b) i = count shapes * (a * b).
Proof.
  induction shapes as [|s shapes IH]; intros i a b Hi; destruct i as [|p i]; try easy; cbn [conv count].
  - lia.
  - rewrite <- Z.mul_assoc, <- sum_constant. apply sum_ext. intros. apply IH, Hi.
Qed.

Definition output_box bs x : Z * Z :=
  let (l, h) := product_range (filter_low x, filter_high x) (data_low x, data_high x) in
  (scale_of bs * count (shapes_of bs) * l, scale_of bs * count (shapes_of bs) * h).

Theorem outputs_within bs C x g d i : forallb holds bs = true -> 0 < scale_of bs -> inside (shapes_of bs) i ->
  within (filter_low x) (filter_high x) g -> within (data_low x) (data_high x) d ->
  Z.of_nat C * fst (output_box bs x) <= winograd bs C g d i <= Z.of_nat C * snd (output_box bs x).
Proof.
  intros H Hs Hi Hg Hd. rewrite identity_is_convolution by easy. unfold output_box, product_range. simpl.
  set (y := sum C _).
  assert (W : Z.of_nat C * (count (shapes_of bs) * least4 (filter_low x * data_low x) (filter_low x * data_high x)
    (filter_high x * data_low x) (filter_high x * data_high x)) <= y <= Z.of_nat C * (count (shapes_of bs) *
    largest4 (filter_low x * data_low x) (filter_low x * data_high x) (filter_high x * data_low x)
      (filter_high x * data_high x))).
  { subst y. rewrite <- !sum_constant. apply sum_between. intros c. apply conv_within; auto. }
  nia.
Qed.

Theorem outputs_attained bs C x i (top : bool) : forallb holds bs = true -> inside (shapes_of bs) i ->
  filter_low x <= filter_high x -> data_low x <= data_high x ->
  exists g d, within (filter_low x) (filter_high x) g /\ within (data_low x) (data_high x) d /\
  winograd bs C g d i = Z.of_nat C * if top then snd (output_box bs x) else fst (output_box bs x).
Proof.
  intros H Hi Hg Hd. unfold output_box, product_range. simpl.
  destruct (corner_of (filter_low x) (filter_high x) (data_low x) (data_high x) top) as [s [t E]].
  exists (fun _ _ => if s then filter_high x else filter_low x), (fun _ _ => if t then data_high x else data_low x).
  repeat split; try (destruct s; lia); try (destruct t; lia).
  rewrite identity_is_convolution by easy.
  rewrite sum_ext with (g := fun _ => count (shapes_of bs) *
    ((if s then filter_high x else filter_low x) * (if t then data_high x else data_low x)))
    by (intros; now apply conv_constant).
  rewrite sum_constant, E. destruct top; ring.
Qed.

(* Enough where every sum wraps around and only the output has to fit *)
Theorem outputs_safe bs x bits most C g d i : forallb holds bs = true -> 0 < scale_of bs ->
  fits bits (output_box bs x) most = true -> 0 < bits -> Z.of_nat C <= most -> inside (shapes_of bs) i ->
  within (filter_low x) (filter_high x) g -> within (data_low x) (data_high x) d ->
  word_holds bits (winograd bs C g d i).
Proof.
  intros. apply (fits_fewer bits (output_box bs x) most (Z.of_nat C)); [easy|easy|lia|]. now apply outputs_within.
Qed.

Theorem outputs_too_many bs x bits C i : forallb holds bs = true -> fits bits (output_box bs x) (Z.of_nat C) = false ->
  inside (shapes_of bs) i -> filter_low x <= filter_high x -> data_low x <= data_high x ->
  exists g d, within (filter_low x) (filter_high x) g /\ within (data_low x) (data_high x) d /\
  ~ word_holds bits (winograd bs C g d i).
Proof.
  intros H F Hi Hg Hd. destruct (fits_not _ _ _ F) as [top N].
  destruct (outputs_attained bs C x i top H Hi Hg Hd) as [g [d [W1 [W2 W3]]]].
  exists g, d. repeat split; try apply W1; try apply W2. now rewrite W3.
Qed.

(* Circuits: each operation makes a value of values before it, `den` times it being the sum of its terms *)

Record operation := Operation { den : Z; terms : list (Z * N) }.

Definition weigh (values : nat -> Z) ts := fold_right (fun '(c, k) total => c * values (N.to_nat k) + total) 0 ts.

(* Values: first the inputs, then what the operations make *)
Definition run_of n (program : list operation) (values : nat -> Z) : Prop :=
  forall s op, nth_error program s = Some op -> den op * values (n + s)%nat = weigh values (terms op).

(* A value as a linear form of the inputs: den times it is row . inputs *)
Record form := Form { over : Z; row : list Z }.

Definition means n (inputs : nat -> Z) f v := over f * v = sum n (fun j => nth j (row f) 0 * inputs j).

Definition no_form := Form 0 nil.

Definition unit n k := Form 1 (map (fun j => if (j =? k)%nat then 1 else 0) (seq 0 n)).

Fixpoint add_rows a u b v : list Z :=
  match u, v with
  | nil, _ => map (fun y => b * y) v
  | _, nil => map (fun x => a * x) u
  | x :: u, y :: v => a * x + b * y :: add_rows a u b v
  end.

Definition plus_form c f g := Form (over f * over g) (add_rows (c * over g) (row f) (over f) (row g)).

Definition zero_form := Form 1 nil.

Fixpoint form_of (forms : list form) ts : form :=
  match ts with
  | nil => zero_form
  | (c, k) :: ts => plus_form c (nth (N.to_nat k) forms no_form) (form_of forms ts)
  end.

(* A common factor taken out, where it is one *)
Definition reduce f :=
  let g := fold_right Z.gcd (over f) (row f) in
  let h := Form (over f / g) (map (fun w => w / g) (row f)) in
  if ((negb (g =? 0)) && (over h * g =? over f) && forallb (fun w => w / g * g =? w) (row f))%bool then h else f.

Fixpoint forms_of program forms : list form :=
  match program with
  | nil => forms
  | op :: program =>
      let f := form_of forms (terms op) in
      forms_of program (forms ++ [reduce (Form (den op * over f) (row f))])
  end.

Definition circuit_forms n program := forms_of program (map (unit n) (seq 0 n)).

(* Row i of a matrix, over a scale, is output i of the circuit *)
Definition circuit_is n program outs (M : matrix) s : bool :=
  let forms := circuit_forms n program in
  (negb (s =? 0) && all (length outs) (fun i =>
    let f := nth (N.to_nat (nth i outs 0%N)) forms no_form in
    negb (over f =? 0) &&
    all n (fun j => s * nth j (row f) 0 =? entry M i j * over f)))%bool.

Lemma means_unit n x k : (k < n)%nat -> means n x (unit n k) (x k).
Proof.
  intros H. unfold means, unit; simpl over; simpl row.
  rewrite sum_ext with (g := fun j => (if (j =? k)%nat then 1 else 0) * x j); [now rewrite sum_one|].
  intros j Hj. rewrite (nth_seq_map (fun j => if (j =? k)%nat then 1 else 0)) by easy. easy.
Qed.

Lemma nth_scaled a u j : nth j (map (fun x => a * x) u) 0 = a * nth j u 0.
Proof. rewrite <- (map_nth (fun x => a * x)). f_equal. lia. Qed.

Lemma nth_add_rows a u b : forall v j, nth j (add_rows a u b v) 0 = a * nth j u 0 + b * nth j v 0.
Proof.
  induction u as [|x u IH]; intros v j; [|destruct v as [|y v]]; cbn [add_rows].
  - rewrite nth_scaled. destruct j; simpl; lia.
  - rewrite nth_scaled. destruct j; simpl; lia.
  - destruct j; simpl; [lia|apply IH].
Qed.

Lemma means_plus n x c f g v w : means n x f v -> means n x g w -> means n x (plus_form c f g) (c * v + w).
Proof.
  unfold means, plus_form. simpl over; simpl row. intros Hv Hw.
  rewrite sum_ext with (g := fun j => (c * over g) * (nth j (row f) 0 * x j) + over f * (nth j (row g) 0 * x j)).
  - rewrite sum_add, !sum_scale, <- Hv, <- Hw. ring.
  - intros j _. rewrite nth_add_rows. ring.
Qed.

Lemma means_zero n x : means n x zero_form 0.
Proof. unfold means, zero_form. simpl. rewrite sum_zero; [easy|]. intros j _. now destruct j. Qed.

Lemma means_reduce n x f v : means n x f v -> means n x (reduce f) v.
Proof.
  unfold reduce. set (g := fold_right Z.gcd (over f) (row f)). intros H. cbv zeta.
  destruct (_ && _ && _)%bool eqn:E; [|easy].
  apply andb_true_iff in E. destruct E as [E E3]. apply andb_true_iff in E. destruct E as [E1 E2].
  apply negb_true_iff, Z.eqb_neq in E1. apply Z.eqb_eq in E2. simpl in E2. rewrite forallb_forall in E3.
  unfold means in *. simpl. apply Z.mul_cancel_l with (p := g); [easy|].
  rewrite <- sum_scale, Z.mul_assoc, (Z.mul_comm g), E2, H. apply sum_ext. intros j _.
  rewrite Z.mul_assoc. f_equal. rewrite <- (Z.div_0_l g E1) at 2.
  rewrite (map_nth (fun w => w / g)). destruct (nth_in_or_default j (row f) 0) as [I|D].
  - specialize (E3 _ I). apply Z.eqb_eq in E3. lia.
  - rewrite D, Z.div_0_l by easy. lia.
Qed.

Lemma means_form_of n x forms values ts : (forall k, means n x (nth k forms no_form) (values k)) ->
  means n x (form_of forms ts) (weigh values ts).
Proof.
  intros H. induction ts as [|[c k] ts IH]; simpl; [apply means_zero|]. now apply means_plus.
Qed.

Lemma means_no_form n x v : means n x no_form v.
Proof. unfold means, no_form. simpl. rewrite sum_zero; [easy|]. intros j _. now destruct j. Qed.

Lemma means_forms_of n x values program : forall forms,
  (forall k, means n x (nth k forms no_form) (values k)) ->
  (forall s op, nth_error program s = Some op -> den op * values (length forms + s)%nat = weigh values (terms op)) ->
  forall k, means n x (nth k (forms_of program forms) no_form) (values k).
Proof.
  induction program as [|op program IH]; intros forms Hf Hp; simpl; [easy|]. apply IH.
  - intros k. destruct (Nat.lt_trichotomy k (length forms)) as [L|[->|L]].
    + now rewrite app_nth1.
    + rewrite app_nth2, Nat.sub_diag by lia. simpl. apply means_reduce. unfold means. simpl.
      specialize (Hp 0%nat op eq_refl). rewrite Nat.add_0_r in Hp.
      pose proof (means_form_of n x forms values (terms op) Hf) as M. unfold means in M.
      rewrite <- M, <- Hp. ring.
    + rewrite nth_overflow; [apply means_no_form|]. rewrite size_app. simpl. lia.
  - intros s o Ho. rewrite size_app. simpl. specialize (Hp (S s) o Ho).
    replace (length forms + 1 + s)%nat with (length forms + S s)%nat by lia. easy.
Qed.

(* Whatever the inputs are, s times output i is row i of the matrix by the inputs *)
Definition computes n program outs (M : matrix) s := forall values, run_of n program values ->
  forall i, (i < length outs)%nat -> s * values (N.to_nat (nth i outs 0%N)) = sum n (fun j => entry M i j * values j).

Theorem circuit_is_matrix n program outs M s : circuit_is n program outs M s = true -> computes n program outs M s.
Proof.
  unfold circuit_is, computes. intros H values R i Hi. cbv zeta in H. apply andb_true_iff in H. destruct H as [Hs H].
  rewrite all_spec in H. specialize (H i Hi). cbv beta in H. apply andb_true_iff in H. destruct H as [Ho H].
  apply negb_true_iff, Z.eqb_neq in Ho. rewrite all_spec in H. unfold circuit_forms in *.
  set (forms := forms_of program (map (unit n) (seq 0 n))) in *.
  assert (M' : means n values (nth (N.to_nat (nth i outs 0%N)) forms no_form) (values (N.to_nat (nth i outs 0%N)))).
  { apply means_forms_of.
    - intros k. destruct (Nat.lt_ge_cases k n) as [L|L].
      + rewrite nth_indep with (d' := unit n 0) by (rewrite size_map, size_seq; lia).
        rewrite map_nth, seq_nth by lia. now apply means_unit.
      + rewrite nth_overflow; [apply means_no_form|]. rewrite size_map, size_seq. lia.
    - intros k op Hk. rewrite size_map, size_seq. now apply R. }
  unfold means in M'. apply Z.mul_cancel_l with (p := over (nth (N.to_nat (nth i outs 0%N)) forms no_form)); [easy|].
  transitivity (s * (over (nth (N.to_nat (nth i outs 0%N)) forms no_form) * values (N.to_nat (nth i outs 0%N)))); [ring|].
  rewrite M', <- !sum_scale. apply sum_ext. intros j Hj. specialize (H j Hj). cbv beta in H. apply Z.eqb_eq in H.
  rewrite !Z.mul_assoc. rewrite H. ring.
Qed.
