(defparameter *AT* '((1 1 1 0) (0 1 -1 1)))
(defparameter *G* '((1 0 0) (1/2 1/2 1/2) (1/2 -1/2 1/2) (0 0 1)))
(defparameter *BT* '((1 0 -1 0) (0 1 1 0) (0 -1 1 0) (0 -1 0 1)))
